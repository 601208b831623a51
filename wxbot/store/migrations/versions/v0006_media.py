"""Files that messages show: kept by their digest, and what the platform calls each for three days.

Only adds, so that processes of the version before go on working while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "media",
        sa.Column("account", sa.Text(), nullable=False, primary_key=True),
        sa.Column("digest", sa.Text(), nullable=False, primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("uploaded_at", sa.Double(), nullable=False, server_default="0"),
        sa.Column("owner", sa.Text(), nullable=False, server_default=""),
        sa.Column("boot", sa.Text(), nullable=False, server_default=""),
        sa.Column("lease_until", sa.Double(), nullable=False, server_default="0"),
    )
    op.create_index("media_used", "media", ["used_at"])

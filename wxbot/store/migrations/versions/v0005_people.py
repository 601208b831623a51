"""Who people are: remarks, tags, the agent who speaks with them, and how far the import of followers has come.

Only adds, so that processes of the version before go on working while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add five columns and two tables."""
    for name, default in (("remark", ""), ("tags", "[]"), ("unionid", ""), ("agent", "")):
        op.add_column("contacts", sa.Column(name, sa.Text(), nullable=False, server_default=default))
    op.add_column("contacts", sa.Column("agent_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "tags",
        sa.Column("account", sa.Text(), nullable=False, primary_key=True),
        sa.Column("id", sa.BigInteger(), nullable=False, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "imports",
        sa.Column("account", sa.Text(), nullable=False, primary_key=True),
        sa.Column("page", sa.Text(), nullable=False, server_default=""),
        sa.Column("cursor", sa.Text(), nullable=False, server_default=""),
        sa.Column("done", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("total", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double()),
    )

"""Plans, and what follow-ups need for quiet hours and the fallback ladder.

Only adds, so that processes of the version before go on working while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TO_COME = sa.text("state IN ('running', 'waiting')")
_HAS_MSGID = sa.text("msgid IS NOT NULL")


def upgrade() -> None:
    """Add the columns with a default, the indexes and the table."""
    op.add_column("followups", sa.Column("topic", sa.Text(), nullable=True))
    op.add_column("followups", sa.Column("facts", sa.Text(), server_default="{}", nullable=False))
    op.add_column("followups", sa.Column("rung", sa.Text(), server_default="window", nullable=False))
    op.add_column("followups", sa.Column("msgid", sa.BigInteger(), nullable=True))
    op.create_index(
        "followups_msgid",
        "followups",
        ["account", "msgid"],
        sqlite_where=_HAS_MSGID,
        postgresql_where=_HAS_MSGID,
    )
    op.add_column("publications", sa.Column("facts", sa.Text(), server_default="{}", nullable=False))
    op.add_column("publications", sa.Column("step", sa.Text(), nullable=True))
    op.create_index(
        "publications_planned",
        "publications",
        ["account", "topic", "due_at"],
        sqlite_where=_TO_COME,
        postgresql_where=_TO_COME,
    )
    op.create_table(
        "plans",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("moment", sa.Double(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account", "topic"),
    )

"""What PostgreSQL believes of a follow-up's state: nothing, since what is true of a queue is not so a minute later.

Counted while the queue was empty, it looked for a user's follow-ups among all that wait, 100,000 after a fan-out.
Processes of the version before go on working while it runs; where it was counted before, three indexes are made
anew, and writers wait for that.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_COUNTED = (
    "SELECT 1 FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'followups' AND attname = 'state'"
)


def upgrade() -> None:
    """Let the column be counted no more, and forget what was, with a change of type that is none."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE followups ALTER COLUMN state SET STATISTICS 0")
        if op.get_bind().exec_driver_sql(_COUNTED).first():
            op.execute("ALTER TABLE followups ALTER COLUMN state TYPE TEXT")

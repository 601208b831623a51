"""A user's follow-ups by state and by when they changed: each push asks which of them have just gone out.

Processes of the version before go on working while it runs; they wait while the index is made.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Give the index of a user's follow-ups a column more.

    What needs the stronger lock comes first: the other way round a sender and we would wait for each other.
    """
    op.drop_index("followups_person", table_name="followups")
    op.create_index("followups_user", "followups", ["account", "openid", "state", "changed_at"])

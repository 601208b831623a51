"""A user's follow-ups by state and by when they changed: each push asks which of them have just gone out.

Processes of the version before go on working while it runs; writers wait while the index is made.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Give the index of a user's follow-ups a column more; the old one goes once its successor is there."""
    op.create_index("followups_user", "followups", ["account", "openid", "state", "changed_at"])
    op.drop_index("followups_person", table_name="followups")

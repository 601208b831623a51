"""Indexes by which what is over and old is found, and what is one person's.

Only adds, so that processes of the version before go on working while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LEFT = sa.text("subscribed = 0")
_SETTLED = sa.text("state IN ('sent', 'refused', 'doubtful', 'expired', 'cancelled', 'superseded')")
_OVER = sa.text("state IN ('done', 'cancelled')")


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("pushes_person", "pushes", ["account", "openid"])
    op.create_index("contacts_left", "contacts", ["last_at"], sqlite_where=_LEFT, postgresql_where=_LEFT)
    op.create_index(
        "followups_settled", "followups", ["changed_at"], sqlite_where=_SETTLED, postgresql_where=_SETTLED
    )
    op.create_index("publications_over", "publications", ["due_at"], sqlite_where=_OVER, postgresql_where=_OVER)
    op.create_index(op.f("ix_plans_changed_at"), "plans", ["changed_at"])

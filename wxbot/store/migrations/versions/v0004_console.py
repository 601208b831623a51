"""The console: who may sign in, what they did, errands, and what the charts count.

Only adds, so that processes of the version before go on working while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MAY_BE_SENT = sa.text("message_left > 0")
_SCHEDULED = sa.text("state = 'scheduled'")
_FAILED = sa.text("state = 'failed'")
_RUNNING = sa.text("status = 'running'")


def upgrade() -> None:
    """Add a column, the indexes by which pages are made, and seven tables."""
    op.add_column("pushes", sa.Column("took", sa.Double()))
    op.create_index(
        "contacts_closing",
        "contacts",
        ["account", "message_until", "openid"],
        sqlite_where=_MAY_BE_SENT,
        postgresql_where=_MAY_BE_SENT,
    )
    op.create_index(
        "followups_planned",
        "followups",
        ["account", "due_at"],
        sqlite_where=_SCHEDULED,
        postgresql_where=_SCHEDULED,
    )
    op.create_index("pushes_failed", "pushes", ["account", "id"], sqlite_where=_FAILED, postgresql_where=_FAILED)
    _people()
    _errands()
    _counts()


def _id() -> "sa.Column[int]":
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _text(name: str, *, primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=False, primary_key=primary_key)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str) -> "sa.Column[float]":
    return sa.Column(name, sa.Double(), nullable=False)


def _people() -> None:
    op.create_table(
        "console_users",
        _text("name", primary_key=True),
        _text("password"),
        _text("role"),
        sa.Column("account", sa.Text()),
        _moment("created_at"),
        sa.Column("disabled_at", sa.Double()),
        sa.Column("signed_in_at", sa.Double()),
    )
    op.create_table(
        "console_sessions",
        _id(),
        sa.Column("digest", sa.LargeBinary(), nullable=False, unique=True),
        _text("name"),
        _moment("created_at"),
        _moment("seen_at"),
        _text("address"),
        _text("browser"),
    )
    op.create_index(op.f("ix_console_sessions_name"), "console_sessions", ["name"])
    op.create_table(
        "audit",
        _id(),
        _moment("at"),
        sa.Column("account", sa.Text()),
        _text("name"),
        _text("action"),
        sa.Column("openid", sa.Text()),
        sa.Column("target", sa.Text(), nullable=False, server_default=""),
        sa.Column("details", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("audit_name", "audit", ["name", "id"])
    op.create_index("audit_action", "audit", ["action", "id"])


def _errands() -> None:
    op.create_table(
        "errands",
        _id(),
        _text("account"),
        _text("name"),
        _text("action"),
        _text("state"),
        sa.Column("topic", sa.Text()),
        sa.Column("cursor", sa.BigInteger(), nullable=False, server_default="0"),
        _number("upto"),
        _number("total"),
        sa.Column("seen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0"),
        _text("status"),
        _moment("created_at"),
        _moment("changed_at"),
    )
    op.create_index("errands_running", "errands", ["id"], sqlite_where=_RUNNING, postgresql_where=_RUNNING)


def _counts() -> None:
    op.create_table(
        "counts",
        _text("account", primary_key=True),
        sa.Column("hour", sa.BigInteger(), primary_key=True),
        _text("what", primary_key=True),
        _number("count"),
    )
    op.create_table("cursors", _text("name", primary_key=True), _moment("position"))
    # Counting begins with what comes from now on: what is there already may be millions of rows.
    op.execute("INSERT INTO cursors (name, position) SELECT 'pushes', coalesce(max(id), 0) FROM pushes")
    op.execute(
        "INSERT INTO cursors (name, position) SELECT 'follow_ups', coalesce(max(changed_at), 0) FROM followups "
        "WHERE state IN ('sent', 'refused', 'doubtful', 'expired', 'cancelled', 'superseded')"
    )
    op.create_table(
        "processes",
        _text("owner", primary_key=True),
        _text("kind"),
        _text("host"),
        _number("pid"),
        _moment("started_at"),
        _moment("seen_at"),
    )

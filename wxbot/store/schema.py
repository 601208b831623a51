"""The tables. Times are UTC Unix seconds; every row belongs to an account.

A change here needs a migration beside it, whose name is then `wxbot.store.revision.REVISION`; a test compares
the two. Only what makes or shows whole tables imports this: SQLAlchemy and both its dialects are 14 MB.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()
_id = BigInteger().with_variant(Integer, "sqlite")

pushes = Table(
    "pushes",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("push_key", Text, nullable=False),  # Push.key
    Column("openid", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("body", LargeBinary, nullable=False),  # plaintext XML
    Column("state", Text, nullable=False),  # answered | handed_off | failed
    Column("reply", LargeBinary, nullable=False),  # the exact bytes of the first answer
    Column("error", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),  # processes that took it over
    Column("owner", Text, nullable=False, server_default=""),
    Column("boot", Text, nullable=False, server_default=""),
    Column("lease_until", Double, nullable=False, server_default="0"),
    Column("took", Double),  # seconds from its arrival to its commit; NULL where nobody measured
    UniqueConstraint("account", "push_key", name="pushes_key"),
    Index("pushes_person", "account", "openid"),
    Index(
        "pushes_handed_off",
        "account",
        "id",
        postgresql_where=text("state = 'handed_off'"),
        sqlite_where=text("state = 'handed_off'"),
    ),
    Index(
        "pushes_failed",
        "account",
        "id",
        postgresql_where=text("state = 'failed'"),
        sqlite_where=text("state = 'failed'"),
    ),
)

signatures = Table(
    "signatures",
    metadata,
    Column("account", Text, primary_key=True),
    Column("signature", Text, primary_key=True),
    Column("push_key", Text, nullable=False),
    Column("seen_at", Double, nullable=False, index=True),
)

_LEFT = text("subscribed = 0")
_MAY_BE_SENT = text("message_left > 0")

contacts = Table(
    "contacts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("openid", Text, primary_key=True),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("subscribed", Integer, nullable=False, server_default="1"),
    Column("message_left", Integer, nullable=False, server_default="0"),
    Column("message_until", BigInteger, nullable=False, server_default="0"),
    Column("action_left", Integer, nullable=False, server_default="0"),
    Column("action_until", BigInteger, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),  # errcode that closed the windows
    Column("session", Text, nullable=False, server_default="{}"),
    Column("session_until", Double, nullable=False, server_default="0"),
    Column("remark", Text, nullable=False, server_default=""),  # what we call them, as the platform keeps it
    Column("tags", Text, nullable=False, server_default="[]"),  # JSON: tag ids
    Column("unionid", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),  # kf_account of who speaks with them now
    Column("agent_at", BigInteger, nullable=False, server_default="0"),  # CreateTime of what told so
    Index("contacts_recent", "account", "last_at"),
    Index("contacts_left", "last_at", sqlite_where=_LEFT, postgresql_where=_LEFT),
    Index(
        "contacts_closing",
        "account",
        "message_until",
        "openid",
        sqlite_where=_MAY_BE_SENT,
        postgresql_where=_MAY_BE_SENT,
    ),
)

tags = Table(
    "tags",
    metadata,
    Column("account", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("account", Text, primary_key=True),
    Column("page", Text, nullable=False, server_default=""),  # next_openid that got the page; "" for the first
    Column("cursor", Text, nullable=False, server_default=""),  # the last of the page that is kept
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("total", BigInteger, nullable=False, server_default="0"),
    Column("started_at", Double, nullable=False),
    Column("finished_at", Double),
)

lanes = Table(
    "lanes",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("openid", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # outbox.RANK of the lane: the lower goes first
    Column("wake_at", Double),  # when its first row wants attention; NULL while it has none
    Column("owner", Text, nullable=False, server_default=""),
    Column("boot", Text, nullable=False, server_default=""),
    Column("claim", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", Double, nullable=False, server_default="0"),
    UniqueConstraint("account", "openid", "lane", name="lanes_key"),
    Index("lanes_due", "account", "rank", "wake_at"),
)

_ACTIVE = text("state IN ('scheduled', 'queued', 'claimed', 'sending')")
_SCHEDULED = text("state = 'scheduled'")
_SETTLED = text("state IN ('sent', 'refused', 'doubtful', 'expired', 'cancelled', 'superseded')")

followups = Table(
    "followups",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("openid", Text, nullable=False),
    Column("lane_id", BigInteger, nullable=False),
    Column("push_id", BigInteger),  # the push that caused it, if one did
    Column("origin", Text, nullable=False),  # handler | publication | cli | api | split | agent:NAME
    Column("message", Text, nullable=False),  # JSON without touser
    Column("due_at", Double, nullable=False),
    Column("ready_at", Double, nullable=False),  # due_at, or later after a failed try
    Column("not_after", Double),
    Column("key", Text),
    Column("on_closed", Text, nullable=False),  # hold | drop | template
    Column("priority", Text, nullable=False),  # normal | decisive
    Column("coalesce", Text),
    Column("on_doubt", Text, nullable=False),  # resend | park
    Column("topic", Text),  # whose quiet hours and fallback count for it
    Column("facts", Text, nullable=False, server_default="{}"),  # JSON: what templates may name
    Column("rung", Text, nullable=False, server_default="window"),  # window | template | subscription | webhook
    Column("msgid", BigInteger),  # the platform's, of a template message: its outcome is told later
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("errcode", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),  # calls that said no or nothing
    Column("crashes", Integer, nullable=False, server_default="0"),  # claims that nobody finished
    Column("spent", Text, nullable=False, server_default=""),  # the grant kind it used
    Column("owner", Text, nullable=False, server_default=""),
    Column("claim", BigInteger, nullable=False, server_default="0"),
    Column("changed_at", Double, nullable=False),
    Column("history", Text, nullable=False),  # one JSON object a line
    UniqueConstraint("account", "openid", "key", name="followups_key"),
    Index("followups_lane", "lane_id", "due_at", "id", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    Index("followups_user", "account", "openid", "state", "changed_at"),
    Index("followups_state", "account", "state", "id"),
    Index("followups_settled", "changed_at", sqlite_where=_SETTLED, postgresql_where=_SETTLED),
    Index("followups_planned", "account", "due_at", sqlite_where=_SCHEDULED, postgresql_where=_SCHEDULED),
    Index(
        "followups_msgid",
        "account",
        "msgid",
        postgresql_where=text("msgid IS NOT NULL"),
        sqlite_where=text("msgid IS NOT NULL"),
    ),
)

topics = Table(
    "topics",
    metadata,
    Column("account", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("first_at", Double, nullable=False),  # its first subscription; kept when all have left
    Index("topics_recent", "account", "first_at"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("openid", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Index("subscriptions_person", "account", "openid"),
)

_OVER = text("state IN ('done', 'cancelled')")

publications = Table(
    "publications",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("message", Text, nullable=False),  # JSON without touser; the options are those of followups
    Column("due_at", Double, nullable=False),
    Column("not_after", Double),
    Column("on_closed", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("coalesce", Text),
    Column("on_doubt", Text, nullable=False),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("step", Text),  # the step of the topic's plan that it is
    Column("state", Text, nullable=False),  # running | waiting (for a fact) | done | cancelled
    Column("cursor", Text, nullable=False, server_default=""),  # the last openid that has its follow-up
    Column("total", Integer, nullable=False),  # follow-ups made so far
    Column("created_at", Double, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("boot", Text, nullable=False, server_default=""),
    Column("lease_until", Double, nullable=False, server_default="0"),
    UniqueConstraint("account", "topic", "key", name="publications_key"),
    Index(
        "publications_running",
        "due_at",
        postgresql_where=text("state = 'running'"),
        sqlite_where=text("state = 'running'"),
    ),
    Index(
        "publications_planned",  # what a topic's subscribers have still to expect
        "account",
        "topic",
        "due_at",
        postgresql_where=text("state IN ('running', 'waiting')"),
        sqlite_where=text("state IN ('running', 'waiting')"),
    ),
    Index("publications_over", "due_at", sqlite_where=_OVER, postgresql_where=_OVER),
)

plans = Table(
    "plans",
    metadata,
    Column("account", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("moment", Double),  # what the steps are relative to; NULL while nobody has told
    Column("facts", Text, nullable=False),  # JSON: what the steps' texts may name
    Column(
        "plan", Text, nullable=False
    ),  # JSON: the steps and notices; "" while only facts are known, "cancelled " before
    Column("changed_at", Double, nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("account", Text, primary_key=True),
    Column("token", Text, nullable=False, server_default=""),
    Column("expires_at", Double, nullable=False, server_default="0"),
    Column("fetched_at", Double, nullable=False, server_default="0"),
    Column("forced_at", Double, nullable=False, server_default="0"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("boot", Text, nullable=False, server_default=""),
    Column("lease_until", Double, nullable=False, server_default="0"),
)

gates = Table(
    "gates",
    metadata,
    Column("account", Text, primary_key=True),
    Column("interface", Text, primary_key=True),  # send | token | template | subscription
    Column("until", Double, nullable=False),
    Column("errcode", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("closed_at", Double, nullable=False),
    Column("probe_at", Double),  # when one call may pass to see whether it is open again
)

buckets = Table(
    "buckets",
    metadata,
    Column("account", Text, primary_key=True),
    Column("level", Double, nullable=False),
    Column("boot", Text, nullable=False),
    Column("filled_at", Double, nullable=False),  # on the lease clock
)

apikeys = Table(
    "apikeys",
    metadata,
    Column("id", Text, primary_key=True),  # the public half of the key
    Column("account", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),  # whose it is, for people
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the secret, which is not kept
    Column("scopes", Text, nullable=False),  # apikeys.SCOPES, with spaces between
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("used_at", Double),  # to the minute
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account", Text, primary_key=True),
    Column("apikey", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # the caller's Idempotency-Key
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the request
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),  # the exact bytes of the first answer
    Column("created_at", Double, nullable=False, index=True),
)

console_users = Table(
    "console_users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password", Text, nullable=False),  # scrypt, with its salt and cost
    Column("role", Text, nullable=False),  # agent | operator | owner
    Column("account", Text),  # the only one they may see; NULL for all
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("signed_in_at", Double),
)

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),  # its public half, to revoke it by
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the token in the cookie
    Column("name", Text, nullable=False, index=True),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),  # to the minute
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("account", Text),  # NULL for what concerns no account
    Column("name", Text, nullable=False),  # who did it
    Column("action", Text, nullable=False),
    Column("openid", Text),  # whom it was about; NULL for nobody, or for who was erased
    Column("target", Text, nullable=False, server_default=""),
    Column("details", Text, nullable=False, server_default=""),
    Index("audit_name", "name", "id"),
    Index("audit_action", "action", "id"),
)

errands = Table(
    "errands",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),  # who wants it
    Column("action", Text, nullable=False),  # retry | cancel | send_now
    Column("state", Text, nullable=False),  # of the follow-ups it is about
    Column("topic", Text),
    Column("cursor", BigInteger, nullable=False, server_default="0"),  # the last follow-up it looked at
    Column("upto", BigInteger, nullable=False),  # the newest follow-up when it was wanted
    Column("total", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False, server_default="0"),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Column("status", Text, nullable=False),  # running | done | stopped
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Index(
        "errands_running",
        "id",
        postgresql_where=text("status = 'running'"),
        sqlite_where=text("status = 'running'"),
    ),
)

counts = Table(
    "counts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),  # its beginning, Unix seconds
    Column("what", Text, primary_key=True),  # wxbot.delivery.counting says which
    Column("count", BigInteger, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", Double, nullable=False),  # up to where somebody has counted
)

processes = Table(
    "processes",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # web | sender
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("account", Text, primary_key=True),
    Column("digest", Text, primary_key=True),  # SHA-256 of the content, hex
    Column("kind", Text, primary_key=True),  # image | voice | video | thumb: each is an upload of its own
    Column("name", Text, nullable=False),  # the file's, for people and for the platform
    Column("size", BigInteger, nullable=False),  # bytes
    Column("content", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),  # the last moment for which a message wanted it
    Column("media_id", Text, nullable=False, server_default=""),  # '' when it has to be uploaded
    Column("uploaded_at", Double, nullable=False, server_default="0"),
    Column("owner", Text, nullable=False, server_default=""),  # who uploads it now
    Column("boot", Text, nullable=False, server_default=""),
    Column("lease_until", Double, nullable=False, server_default="0"),
    Index("media_used", "used_at"),
)

"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "apikeys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_apikeys_account"), "apikeys", ["account"], unique=False)
    op.create_table(
        "buckets",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("filled_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "contacts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("subscribed", sa.Integer(), server_default="1", nullable=False),
        sa.Column("message_left", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("action_left", sa.Integer(), server_default="0", nullable=False),
        sa.Column("action_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("session", sa.Text(), server_default="{}", nullable=False),
        sa.Column("session_until", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", "openid"),
    )
    op.create_index("contacts_recent", "contacts", ["account", "last_at"], unique=False)
    op.create_table(
        "followups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("push_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("ready_at", sa.Double(), nullable=False),
        sa.Column("not_after", sa.Double(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("on_closed", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("coalesce", sa.Text(), nullable=True),
        sa.Column("on_doubt", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("errcode", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spent", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("claim", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "openid", "key", name="followups_key"),
    )
    op.create_index(
        "followups_lane",
        "followups",
        ["lane_id", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('scheduled', 'queued', 'claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('scheduled', 'queued', 'claimed', 'sending')"),
    )
    op.create_index("followups_person", "followups", ["account", "openid", "state"], unique=False)
    op.create_index("followups_state", "followups", ["account", "state", "id"], unique=False)
    op.create_table(
        "gates",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=False),
        sa.Column("probe_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("account", "interface"),
    )
    op.create_table(
        "idempotency",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("apikey", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account", "apikey", "key"),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "lanes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("wake_at", sa.Double(), nullable=True),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("boot", sa.Text(), server_default="", nullable=False),
        sa.Column("claim", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "openid", "lane", name="lanes_key"),
    )
    op.create_index("lanes_due", "lanes", ["account", "rank", "wake_at"], unique=False)
    op.create_table(
        "publications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("not_after", sa.Double(), nullable=True),
        sa.Column("on_closed", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("coalesce", sa.Text(), nullable=True),
        sa.Column("on_doubt", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("boot", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "topic", "key", name="publications_key"),
    )
    op.create_index(
        "publications_running",
        "publications",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "pushes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("push_key", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("boot", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "push_key", name="pushes_key"),
    )
    op.create_index(
        "pushes_handed_off",
        "pushes",
        ["account", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'handed_off'"),
        sqlite_where=sa.text("state = 'handed_off'"),
    )
    op.create_table(
        "signatures",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("push_key", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account", "signature"),
    )
    op.create_index(op.f("ix_signatures_seen_at"), "signatures", ["seen_at"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account", "topic", "openid"),
    )
    op.create_index("subscriptions_person", "subscriptions", ["account", "openid"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("fetched_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("forced_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("boot", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "topics",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("account", "topic"),
    )
    op.create_index("topics_recent", "topics", ["account", "first_at"], unique=False)


def downgrade() -> None:
    """Drop every table."""
    op.drop_index("topics_recent", table_name="topics")
    op.drop_table("topics")
    op.drop_table("tokens")
    op.drop_index("subscriptions_person", table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index(op.f("ix_signatures_seen_at"), table_name="signatures")
    op.drop_table("signatures")
    op.drop_index(
        "pushes_handed_off",
        table_name="pushes",
        postgresql_where=sa.text("state = 'handed_off'"),
        sqlite_where=sa.text("state = 'handed_off'"),
    )
    op.drop_table("pushes")
    op.drop_index(
        "publications_running",
        table_name="publications",
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    )
    op.drop_table("publications")
    op.drop_index("lanes_due", table_name="lanes")
    op.drop_table("lanes")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("gates")
    op.drop_index("followups_state", table_name="followups")
    op.drop_index("followups_person", table_name="followups")
    op.drop_index(
        "followups_lane",
        table_name="followups",
        sqlite_where=sa.text("state IN ('scheduled', 'queued', 'claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('scheduled', 'queued', 'claimed', 'sending')"),
    )
    op.drop_table("followups")
    op.drop_index("contacts_recent", table_name="contacts")
    op.drop_table("contacts")
    op.drop_table("buckets")
    op.drop_index(op.f("ix_apikeys_account"), table_name="apikeys")
    op.drop_table("apikeys")

"""The first version: cases, engine state, outgoing events, accounts and dead letters."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TABLES = (
    "cases",
    "history",
    "reader_positions",
    "rule_states",
    "counters",
    "dead_letters",
    "outgoing",
    "channels",
    "deliveries",
    "tokens",
    "users",
)


def upgrade() -> None:
    """Build every table."""
    _create_cases()
    _create_engine_state()
    _create_outgoing()
    _create_accounts()


def downgrade() -> None:
    """Drop every table: there is no version before this one."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("class", sa.String(32), nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("grid", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("birthplace", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("compound", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger),
        sa.Column("assignee", sa.Text),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("history_length", sa.Integer, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
    )
    op.create_index("cases_newest", "cases", ["opened_at", "id"])
    op.create_index("cases_by_grid", "cases", ["grid", "opened_at", "id"])
    op.create_index("cases_by_state", "cases", ["state", "opened_at", "id"])
    op.create_index("cases_by_closing", "cases", ["closed_at"])
    op.create_index("cases_by_cause", "cases", ["birthplace", "cause", "ordinal"])
    op.create_table(
        "history",
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(128), nullable=False),
        sa.Column("hash", sa.String(128), nullable=False),
    )


def _create_engine_state() -> None:
    op.create_table(
        "reader_positions",
        sa.Column("reader", sa.String(64), primary_key=True),
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("pos", sa.BigInteger, nullable=False),
    )

    op.create_table(
        "rule_states",
        sa.Column("rule", sa.String(200), primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )

    op.create_table(
        "counters",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )

    op.create_table(
        "dead_letters",
        sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("digest", name="dead_letters_once"),
        sqlite_autoincrement=True,
    )


def _create_outgoing() -> None:
    op.create_table(
        "outgoing",
        sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("quiet_at_compound", sa.Boolean, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("case_id", "sequence", name="outgoing_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("outgoing_by_age", "outgoing", ["created_at"])
    op.create_table(
        "channels",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("disabled", sa.Text, nullable=False),
    )

    op.create_table(
        "deliveries",
        sa.Column("channel", sa.String(100), primary_key=True),
        sa.Column("outgoing_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("deliveries_due", "deliveries", ["channel", "state", "next_at"])
    op.create_index("deliveries_by_case", "deliveries", ["channel", "case_id", "outgoing_id"])


def _create_accounts() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("grid", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
    )

    op.create_table(
        "users",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("grid", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.BigInteger, nullable=False),
    )

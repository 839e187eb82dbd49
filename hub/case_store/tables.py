"""The tables of the case database, in words that SQLite and PostgreSQL both understand.

Times are ms since 1970-01-01 UTC. A test compares this file with what the migrations build.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database draws itself; SQLite does so for INTEGER keys only."""

cases = Table(
    "cases",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("class", String(32), nullable=False),
    Column("category", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("level", String(16), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("grid", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("birthplace", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("compound", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("due", BigInteger),
    Column("assignee", Text),
    Column("closed_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("history_length", Integer, nullable=False),
    Column("doc", Text, nullable=False),
    Index("cases_newest", "opened_at", "id"),
    Index("cases_by_grid", "grid", "opened_at", "id"),
    Index("cases_by_state", "state", "opened_at", "id"),
    Index("cases_by_closing", "closed_at"),
    Index("cases_by_cause", "birthplace", "cause", "ordinal"),
)

history = Table(
    "history",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(128), nullable=False),
    Column("hash", String(128), nullable=False),
)

reader_positions = Table(
    "reader_positions",
    metadata,
    Column("reader", String(64), primary_key=True),
    Column("log_id", String(64), nullable=False),
    Column("pos", BigInteger, nullable=False),
)

rule_states = Table(
    "rule_states",
    metadata,
    Column("rule", String(200), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

outgoing = Table(
    "outgoing",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("case_id", String(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("notice", Text, nullable=False),
    Column("quiet_at_compound", Boolean, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("case_id", "sequence", name="outgoing_once"),
    Index("outgoing_by_age", "created_at"),
    sqlite_autoincrement=True,
)

channels = Table(
    "channels",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("address", Text, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("disabled", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("channel", String(100), primary_key=True),
    Column("outgoing_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Index("deliveries_due", "channel", "state", "next_at"),
    Index("deliveries_by_case", "channel", "case_id", "outgoing_id"),
)

channel_records = Table(
    "channel_records",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("succeeded_at", BigInteger),
    Column("failed_at", BigInteger),
    Column("failure", Text, nullable=False),
    Column("sent", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("grid", Text, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
)

users = Table(
    "users",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("grid", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", String(100), nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("count", BigInteger, nullable=False),
    UniqueConstraint("digest", name="dead_letters_once"),
    sqlite_autoincrement=True,
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

account_changes = Table(
    "account_changes",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("whom", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)

handovers = Table(
    "handovers",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("grid", Text, nullable=False),
    Column("outgoing", Text, nullable=False),
    Column("incoming", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("hash", String(128), nullable=False),
    sqlite_autoincrement=True,
)

footage = Table(
    "footage",
    metadata,
    Column("gateway", String(64), primary_key=True),
    Column("episode", String(16), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("type", String(8), nullable=False),
    Column("camera", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("observation", String(64), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("pinned_by", Text, nullable=False),
    Index("footage_by_age", "received_at"),
    Index("footage_by_hash", "sha256"),
)

case_episodes = Table(
    "case_episodes",
    metadata,
    Column("gateway", String(64), primary_key=True),
    Column("episode", String(16), primary_key=True),
    Column("case_id", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("device", Text, nullable=False),
    Index("case_episodes_by_case", "case_id"),
)

footage_views = Table(
    "footage_views",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("case_id", String(64), nullable=False),
    Column("grid", Text, nullable=False),
    Column("episode", String(16), nullable=False),
    Column("device", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("footage_views_by_person", "sha256", "who", "at"),
    sqlite_autoincrement=True,
)

rule_texts = Table(
    "rule_texts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("file", Text, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("limits", Text, nullable=False),
    Column("logged_at", BigInteger, nullable=False),
)

rule_versions = Table(
    "rule_versions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("logged_at", BigInteger, nullable=False),
)

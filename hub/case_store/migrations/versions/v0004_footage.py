"""Pictures and clips of cameras, the cases that refer to them, and who looked at them why."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables."""
    op.create_table(
        "footage",
        sa.Column("gateway", sa.String(64), primary_key=True),
        sa.Column("episode", sa.String(16), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("observation", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("pinned_by", sa.Text, nullable=False),
    )
    op.create_index("footage_by_age", "footage", ["received_at"])
    op.create_index("footage_by_hash", "footage", ["sha256"])
    op.create_table(
        "case_episodes",
        sa.Column("gateway", sa.String(64), primary_key=True),
        sa.Column("episode", sa.String(16), primary_key=True),
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
    )
    op.create_index("case_episodes_by_case", "case_episodes", ["case_id"])
    serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "footage_views",
        sa.Column("id", serial, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("grid", sa.Text, nullable=False),
        sa.Column("episode", sa.String(16), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("footage_views_by_person", "footage_views", ["sha256", "who", "at"])

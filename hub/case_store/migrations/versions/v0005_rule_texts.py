"""The text of every rule that was ever in force, kept longer than the log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables."""
    op.create_table(
        "rule_texts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("zh", sa.Text, nullable=False),
        sa.Column("en", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("limits", sa.Text, nullable=False),
        sa.Column("logged_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "rule_versions",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("logged_at", sa.BigInteger, nullable=False),
    )

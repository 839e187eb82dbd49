"""How each outgoing channel fares: its last success and failure, and what it sent this minute."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the table."""
    op.create_table(
        "channel_records",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("succeeded_at", sa.BigInteger),
        sa.Column("failed_at", sa.BigInteger),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("sent", sa.Text, nullable=False),
    )

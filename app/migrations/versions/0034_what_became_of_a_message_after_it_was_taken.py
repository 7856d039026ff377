"""What became of a message after its provider took it"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # plain columns, so that SQLite need not copy the table
    op.add_column('notifications_delivery', sa.Column('delivered_at', Instant(), nullable=True))
    op.add_column('notifications_delivery', sa.Column('read_at', Instant(), nullable=True))
    op.create_index(op.f('ix_notifications_delivery_provider_message_id'), 'notifications_delivery', ['provider_message_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_notifications_delivery_provider_message_id'), table_name='notifications_delivery')
    op.drop_column('notifications_delivery', 'read_at')
    op.drop_column('notifications_delivery', 'delivered_at')

"""What a message was weighed with, its value, when it set out, and that it is kept as long as its campaign"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

ADDED = ('kept_from', 'held_until', 'said_at', 'weighed', 'value_minor')


def upgrade() -> None:
    # plain columns, so that SQLite need not copy the table: a copy would give positions again
    op.add_column('notifications_message', sa.Column('value_minor', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('notifications_message', sa.Column('weighed', Json, nullable=False, server_default='[]'))
    op.add_column('notifications_message', sa.Column('said_at', Instant(), nullable=True))
    op.add_column('notifications_message', sa.Column('held_until', Instant(), nullable=True))
    op.add_column('notifications_message', sa.Column('kept_from', Instant(), nullable=True))
    op.add_column('notifications_delivery', sa.Column('kept_from', Instant(), nullable=True))
    op.execute("UPDATE notifications_message SET kept_from = created_at")
    op.execute("UPDATE notifications_message SET said_at = created_at WHERE state IN ('live', 'withdrawn')")
    op.execute("UPDATE notifications_delivery SET kept_from = created_at")
    op.create_index('ix_notifications_message_said', 'notifications_message', ['shopper_id', 'said_at'], unique=False)
    op.create_index(op.f('ix_notifications_message_kept_from'), 'notifications_message', ['kept_from'], unique=False)
    op.create_index(op.f('ix_notifications_delivery_kept_from'), 'notifications_delivery', ['kept_from'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_notifications_delivery_kept_from'), table_name='notifications_delivery')
    op.drop_index(op.f('ix_notifications_message_kept_from'), table_name='notifications_message')
    op.drop_index('ix_notifications_message_said', table_name='notifications_message')
    op.drop_column('notifications_delivery', 'kept_from')
    for column in ADDED:
        op.drop_column('notifications_message', column)

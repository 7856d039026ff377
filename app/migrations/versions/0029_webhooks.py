"""Endpoints of other systems, the log of what is told to them, and what became of each event"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

Position = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('notifications_webhook_endpoint',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('types', Json, nullable=False),
    sa.Column('state', sa.String(length=4), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('off_at', Instant(), nullable=True),
    sa.Column('off_after', Position, nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('sealed_before', sa.LargeBinary(), nullable=True),
    sa.Column('before_until', Instant(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failing_since', Instant(), nullable=True),
    sa.Column('delivered_at', Instant(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('created_by', sa.String(length=140), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_webhook_endpoint'))
    )
    op.create_table('notifications_webhook_event',
    sa.Column('position', Position, autoincrement=True, nullable=False),
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('type', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('data', sa.Text(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_notifications_webhook_event')),
    sa.UniqueConstraint('id', name=op.f('uq_notifications_webhook_event_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('notifications_webhook_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_webhook_event_shopper_id'), ['shopper_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_webhook_event_created_at'), ['created_at'], unique=False)
    op.create_table('notifications_webhook_delivery',
    sa.Column('endpoint_id', sa.String(length=40), nullable=False),
    sa.Column('event_id', sa.String(length=40), nullable=False),
    sa.Column('type', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_try_at', Instant(), nullable=False),
    sa.Column('claim', sa.String(length=40), nullable=True),
    sa.Column('lease_until', Instant(), nullable=True),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('took_ms', sa.Integer(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('tried_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('endpoint_id', 'event_id', name=op.f('pk_notifications_webhook_delivery'))
    )
    with op.batch_alter_table('notifications_webhook_delivery', schema=None) as batch_op:
        batch_op.create_index('ix_notifications_webhook_delivery_due', ['endpoint_id', 'state', 'next_try_at'], unique=False)
        batch_op.create_index('ix_notifications_webhook_delivery_order', ['endpoint_id', 'subject', 'event_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_webhook_delivery_shopper_id'), ['shopper_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_webhook_delivery_created_at'), ['created_at'], unique=False)


def downgrade() -> None:
    op.drop_table('notifications_webhook_delivery')
    op.drop_table('notifications_webhook_event')
    op.drop_table('notifications_webhook_endpoint')

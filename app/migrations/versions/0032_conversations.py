"""Conversations: threads, what was said in them, and what shoppers let us remember"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notifications_conversation',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('identity', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('memory', sa.LargeBinary(), nullable=True),
    sa.Column('last_seq', sa.Integer(), nullable=False),
    sa.Column('why', sa.String(length=30), nullable=True),
    sa.Column('asked_seq', sa.Integer(), nullable=True),
    sa.Column('owed_since', Instant(), nullable=True),
    sa.Column('claimed_by', sa.String(length=40), nullable=True),
    sa.Column('claimed_at', Instant(), nullable=True),
    sa.Column('heard_at', Instant(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_conversation')),
    sa.UniqueConstraint('shopper_id', 'channel', 'identity', name=op.f('uq_notifications_conversation_shopper_id_channel_identity'))
    )
    with op.batch_alter_table('notifications_conversation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_conversation_shopper_id'), ['shopper_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_conversation_changed_at'), ['changed_at'], unique=False)
        batch_op.create_index('ix_notifications_conversation_queue', ['state', 'owed_since'], unique=False)
    op.create_table('notifications_conversation_message',
    sa.Column('thread_id', sa.String(length=40), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('author', sa.String(length=8), nullable=False),
    sa.Column('said_by', sa.String(length=40), nullable=True),
    sa.Column('open', sa.Boolean(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('thread_id', 'seq', name=op.f('pk_notifications_conversation_message')),
    sa.UniqueConstraint('id', name=op.f('uq_notifications_conversation_message_id'))
    )
    with op.batch_alter_table('notifications_conversation_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_conversation_message_shopper_id'), ['shopper_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_conversation_message_at'), ['at'], unique=False)
    op.create_table('notifications_conversation_need',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', 'kind', name=op.f('pk_notifications_conversation_need'))
    )
    with op.batch_alter_table('notifications_conversation_need', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_conversation_need_at'), ['at'], unique=False)


def downgrade() -> None:
    op.drop_table('notifications_conversation_need')
    op.drop_table('notifications_conversation_message')
    op.drop_table('notifications_conversation')

"""Passes that lie in a wallet, where each may be told that it has changed, and whether that is owed"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notifications_pass_copy',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=False),
    sa.Column('wallet', sa.String(length=10), nullable=False),
    sa.Column('device_hash', sa.String(length=64), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.Column('stamp', sa.Integer(), nullable=False),
    sa.Column('look_at', Instant(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', Instant(), nullable=False),
    sa.Column('claim', sa.String(length=40), nullable=True),
    sa.Column('lease_until', Instant(), nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('told_at', Instant(), nullable=True),
    sa.Column('registered_at', Instant(), nullable=False),
    sa.Column('ends_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_pass_copy')),
    sa.UniqueConstraint('wallet', 'device_hash', 'coupon_id', name=op.f('uq_notifications_pass_copy_wallet_device_hash_coupon_id'))
    )
    for column in ('shopper_id', 'coupon_id', 'device_hash', 'address_hash', 'ends_at'):
        op.create_index(op.f(f'ix_notifications_pass_copy_{column}'), 'notifications_pass_copy', [column], unique=False)
    op.create_index('ix_notifications_pass_copy_due', 'notifications_pass_copy', ['wallet', 'state', 'next_attempt_at'], unique=False)
    op.create_index('ix_notifications_pass_copy_look', 'notifications_pass_copy', ['wallet', 'look_at'], unique=False)


def downgrade() -> None:
    op.drop_table('notifications_pass_copy')

"""Sharing: a link to a product, who came by it, and which order that led to"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0056'
down_revision = '0055'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_share',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('code', sa.String(length=30), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('created_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_share')),
        sa.UniqueConstraint('code', name=op.f('uq_storefront_share_code')),
        sa.UniqueConstraint('shopper_id', 'product_id', name=op.f('uq_storefront_share_shopper_id_product_id')),
    )
    op.create_table(
        'storefront_share_touch',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('share_id', sa.String(length=40), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.ForeignKeyConstraint(['share_id'], ['storefront_share.id'], name=op.f('fk_storefront_share_touch_share_id_storefront_share'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('shopper_id', 'share_id', name=op.f('pk_storefront_share_touch')),
    )
    op.create_index(op.f('ix_storefront_share_touch_share_id'), 'storefront_share_touch', ['share_id'])
    op.create_index(op.f('ix_storefront_share_touch_at'), 'storefront_share_touch', ['at'])
    op.create_table(
        'storefront_referral',
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('share_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('buyer_shopper_id', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('why', sa.String(length=40), nullable=True),
        sa.Column('points', sa.Integer(), nullable=False),
        sa.Column('noted_at', Instant(), nullable=False),
        sa.Column('due_at', Instant(), nullable=False),
        sa.Column('decided_at', Instant(), nullable=True),
        sa.PrimaryKeyConstraint('order_id', name=op.f('pk_storefront_referral')),
    )
    for column in ('share_id', 'shopper_id', 'buyer_shopper_id', 'noted_at'):
        op.create_index(op.f(f'ix_storefront_referral_{column}'), 'storefront_referral', [column])
    op.create_index('ix_storefront_referral_due', 'storefront_referral', ['state', 'due_at'])


def downgrade() -> None:
    op.drop_table('storefront_referral')
    op.drop_table('storefront_share_touch')
    op.drop_table('storefront_share')

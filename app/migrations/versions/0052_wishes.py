"""Wishes: what a shopper keeps for later, and of what she was told in which visit"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0052'
down_revision = '0051'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_wish',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('added_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', 'product_id', name=op.f('pk_storefront_wish')),
    )
    op.create_index(op.f('ix_storefront_wish_product_id'), 'storefront_wish', ['product_id'])
    op.create_table(
        'storefront_wish_found',
        sa.Column('visit_id', sa.String(length=80), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('visit_id', 'product_id', name=op.f('pk_storefront_wish_found')),
    )
    op.create_index(op.f('ix_storefront_wish_found_shopper_id'), 'storefront_wish_found', ['shopper_id'])
    op.create_index(op.f('ix_storefront_wish_found_at'), 'storefront_wish_found', ['at'])


def downgrade() -> None:
    op.drop_table('storefront_wish_found')
    op.drop_table('storefront_wish')

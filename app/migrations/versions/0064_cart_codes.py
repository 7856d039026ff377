"""Codes by which a cart changes hands between phone and till"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0064'
down_revision = '0063'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_cart_code',
        sa.Column('code_hash', sa.String(length=64), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('to', sa.String(length=8), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('made_at', Instant(), nullable=False),
        sa.Column('expires_at', Instant(), nullable=False),
        sa.Column('used_at', Instant(), nullable=True),
        sa.Column('used_by', sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_storefront_cart_code')),
    )
    op.create_index(op.f('ix_storefront_cart_code_shopper_id'), 'storefront_cart_code', ['shopper_id'])
    op.create_index(op.f('ix_storefront_cart_code_made_at'), 'storefront_cart_code', ['made_at'])


def downgrade() -> None:
    op.drop_table('storefront_cart_code')

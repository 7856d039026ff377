"""Addresses"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_address_book',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('default_id', sa.String(length=40), nullable=True),
        sa.Column('changes', sa.Integer(), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_storefront_address_book')),
    )
    op.create_table(
        'storefront_address',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', Instant(), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_address')),
    )
    op.create_index(op.f('ix_storefront_address_shopper_id'), 'storefront_address', ['shopper_id'])


def downgrade() -> None:
    op.drop_index(op.f('ix_storefront_address_shopper_id'), table_name='storefront_address')
    op.drop_table('storefront_address')
    op.drop_table('storefront_address_book')

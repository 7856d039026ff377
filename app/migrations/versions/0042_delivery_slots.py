"""Delivery slots"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_delivery_area',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('document', Json, nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_delivery_area')),
    )
    op.create_table(
        'storefront_delivery_slot',
        sa.Column('id', sa.String(length=60), nullable=False),
        sa.Column('taken', sa.Integer(), nullable=False),
        sa.Column('ends_at', Instant(), nullable=False),
        sa.CheckConstraint('taken >= 0', name=op.f('ck_storefront_delivery_slot_taken')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_delivery_slot')),
    )
    op.create_index(op.f('ix_storefront_delivery_slot_ends_at'), 'storefront_delivery_slot', ['ends_at'])
    op.create_table(
        'storefront_delivery_booking',
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('area_id', sa.String(length=40), nullable=False),
        sa.Column('slot_id', sa.String(length=60), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('timezone', sa.String(length=60), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('price_minor', sa.Integer(), nullable=False),
        sa.Column('base_minor', sa.Integer(), nullable=False),
        sa.Column('starts_at', Instant(), nullable=False),
        sa.Column('ends_at', Instant(), nullable=False),
        sa.Column('closes_at', Instant(), nullable=False),
        sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_delivery_booking_order_id_storefront_order'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('order_id', name=op.f('pk_storefront_delivery_booking')),
    )
    op.create_index(op.f('ix_storefront_delivery_booking_shopper_id'), 'storefront_delivery_booking', ['shopper_id'])
    op.create_index(op.f('ix_storefront_delivery_booking_ends_at'), 'storefront_delivery_booking', ['ends_at'])
    op.create_index('ix_storefront_delivery_booking_area', 'storefront_delivery_booking', ['area_id', 'starts_at'])
    # plain columns, so that SQLite need not copy the table
    op.add_column('storefront_cart', sa.Column('slot_id', sa.String(length=60), nullable=True))
    op.add_column('storefront_cart', sa.Column('address_id', sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column('storefront_cart', 'address_id')
    op.drop_column('storefront_cart', 'slot_id')
    op.drop_table('storefront_delivery_booking')
    op.drop_table('storefront_delivery_slot')
    op.drop_table('storefront_delivery_area')

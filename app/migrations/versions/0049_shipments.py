"""Shipments: what was packed into which parcel, and how far it is"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0049'
down_revision = '0048'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_shipment',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('carrier', sa.String(length=40), nullable=False),
        sa.Column('tracking', sa.String(length=80), nullable=False),
        sa.Column('packed_at', Instant(), nullable=False),
        sa.Column('packed_by', sa.String(length=80), nullable=False),
        sa.Column('handed_at', Instant(), nullable=True),
        sa.Column('out_at', Instant(), nullable=True),
        sa.Column('expected_at', Instant(), nullable=True),
        sa.Column('delivered_at', Instant(), nullable=True),
        sa.Column('failed_at', Instant(), nullable=True),
        sa.Column('returned_at', Instant(), nullable=True),
        sa.Column('proof', sa.String(length=10), nullable=True),
        sa.Column('delivered_by', sa.String(length=80), nullable=True),
        sa.Column('why', sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_shipment_order_id_storefront_order'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_shipment')),
    )
    op.create_index(op.f('ix_storefront_shipment_order_id'), 'storefront_shipment', ['order_id'])
    op.create_index(op.f('ix_storefront_shipment_shopper_id'), 'storefront_shipment', ['shopper_id'])
    op.create_index(op.f('ix_storefront_shipment_packed_at'), 'storefront_shipment', ['packed_at'])
    op.create_index('ix_storefront_shipment_state', 'storefront_shipment', ['state', 'order_id'])
    op.create_table(
        'storefront_shipment_line',
        sa.Column('shipment_id', sa.String(length=40), nullable=False),
        sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('quantity', sa.Integer(), nullable=False),
        sa.CheckConstraint('quantity > 0', name=op.f('ck_storefront_shipment_line_quantity')),
        sa.ForeignKeyConstraint(['shipment_id'], ['storefront_shipment.id'], name=op.f('fk_storefront_shipment_line_shipment_id_storefront_shipment'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('shipment_id', 'line_no', name=op.f('pk_storefront_shipment_line')),
    )


def downgrade() -> None:
    op.drop_table('storefront_shipment_line')
    op.drop_table('storefront_shipment')

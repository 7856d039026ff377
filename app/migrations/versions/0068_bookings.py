"""Services given at a time, and one table for what is taken of any slot"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0068'
down_revision = '0067'
branch_labels = None
depends_on = None


def _slots(name: str) -> None:
    op.create_table(
        name,
        sa.Column('id', sa.String(length=60), nullable=False),
        sa.Column('taken', sa.Integer(), nullable=False),
        sa.Column('ends_at', Instant(), nullable=False),
        sa.CheckConstraint('taken >= 0', name=op.f(f'ck_{name}_taken')),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{name}')),
    )
    op.create_index(op.f(f'ix_{name}_ends_at'), name, ['ends_at'])


def _carry(before: str, into: str) -> None:
    _slots(into)
    op.execute(f'INSERT INTO {into} (id, taken, ends_at) SELECT id, taken, ends_at FROM {before}')  # noqa: S608 - names of ours
    op.drop_table(before)


def upgrade() -> None:
    _carry('storefront_delivery_slot', 'storefront_slot')
    op.create_table(
        'storefront_service',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('place_id', sa.String(length=60), nullable=False),
        sa.Column('document', Json, nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_service_product_id_storefront_product'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_service')),
        sa.UniqueConstraint('product_id', 'place_id', name=op.f('uq_storefront_service_product_id_place_id')),
    )
    op.create_table(
        'storefront_booking',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('line_no', sa.Integer(), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('service_id', sa.String(length=40), nullable=False),
        sa.Column('place_id', sa.String(length=60), nullable=False),
        sa.Column('slot_id', sa.String(length=60), nullable=False),
        sa.Column('places', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('timezone', sa.String(length=60), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('price_minor', sa.Integer(), nullable=False),
        sa.Column('base_minor', sa.Integer(), nullable=False),
        sa.Column('starts_at', Instant(), nullable=False),
        sa.Column('ends_at', Instant(), nullable=False),
        sa.Column('free_until', Instant(), nullable=False),
        sa.Column('remind_at', Instant(), nullable=True),
        sa.Column('moves', sa.Integer(), nullable=False),
        sa.Column('arrived_at', Instant(), nullable=True),
        sa.Column('arrived_by', sa.String(length=10), nullable=True),
        sa.Column('moment_id', sa.String(length=40), nullable=True),
        sa.Column('ended_at', Instant(), nullable=True),
        sa.Column('ended_by', sa.String(length=80), nullable=True),
        sa.CheckConstraint('places >= 0', name=op.f('ck_storefront_booking_places')),
        sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_booking_order_id_storefront_order'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_booking')),
        sa.UniqueConstraint('order_id', 'line_no', name=op.f('uq_storefront_booking_order_id_line_no')),
    )
    for column in ('shopper_id', 'ends_at', 'remind_at'):
        op.create_index(op.f(f'ix_storefront_booking_{column}'), 'storefront_booking', [column])
    op.create_index('ix_storefront_booking_day', 'storefront_booking', ['place_id', 'starts_at'])
    op.add_column('storefront_cart_line', sa.Column('slot_id', sa.String(length=60), nullable=True))  # a plain column, so that SQLite need not copy the table


def downgrade() -> None:
    op.drop_column('storefront_cart_line', 'slot_id')
    op.drop_table('storefront_booking')
    op.drop_table('storefront_service')
    _carry('storefront_slot', 'storefront_delivery_slot')

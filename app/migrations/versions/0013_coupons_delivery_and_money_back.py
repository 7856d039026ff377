"""Several coupons in a cart and on an order, a delivery that is chosen, pieces that come back, cashback, and points"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

LIST_OF_ONE = {'sqlite': 'json_array(coupon_id)', 'postgresql': 'jsonb_build_array(coupon_id)'}
FIRST = {'sqlite': "json_extract(coupon_ids, '$[0]')", 'postgresql': 'coupon_ids ->> 0'}


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    with op.batch_alter_table('storefront_cart', schema=None) as batch_op:
        batch_op.add_column(sa.Column('coupon_ids', Json, nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('delivery', sa.String(length=40), nullable=True))
    op.execute(f'UPDATE storefront_cart SET coupon_ids = {LIST_OF_ONE[engine]} WHERE coupon_id IS NOT NULL')
    with op.batch_alter_table('storefront_cart', schema=None) as batch_op:
        batch_op.alter_column('coupon_ids', server_default=None)
        batch_op.drop_column('coupon_id')

    with op.batch_alter_table('storefront_order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('returned_minor', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('points_rate', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_check_constraint(batch_op.f('ck_storefront_order_returned'), 'returned_minor BETWEEN 0 AND total_minor')
    with op.batch_alter_table('storefront_order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('returned', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_check_constraint(batch_op.f('ck_storefront_order_line_returned'), 'returned BETWEEN 0 AND quantity')
    op.execute("UPDATE storefront_order_line SET returned = quantity WHERE order_id IN (SELECT id FROM storefront_order WHERE state = 'refunded')")
    op.execute("UPDATE storefront_order SET returned_minor = total_minor WHERE state = 'refunded'")
    with op.batch_alter_table('storefront_order', schema=None) as batch_op:
        batch_op.alter_column('returned_minor', server_default=None)
        batch_op.alter_column('points_rate', server_default=None)
    with op.batch_alter_table('storefront_order_line', schema=None) as batch_op:
        batch_op.alter_column('returned', server_default=None)

    op.create_table('storefront_order_coupon',
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('discount_minor', sa.Integer(), nullable=False),
    sa.Column('shares', Json, nullable=False),
    sa.Column('entitlements', Json, nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_order_coupon_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'coupon_id', name=op.f('pk_storefront_order_coupon'))
    )
    # What was sold with a coupon before: its share of a line is the whole discount of the line.
    shares = {'sqlite': 'json_group_object(line.line_no, line.discount_minor)', 'postgresql': 'jsonb_object_agg(line.line_no, line.discount_minor)'}
    op.execute(f"""
        INSERT INTO storefront_order_coupon (order_id, coupon_id, position, title, discount_minor, shares, entitlements)
        SELECT o.id, o.coupon_id, 0, '', o.discount_minor, {shares[engine]}, '[]'
        FROM storefront_order AS o JOIN storefront_order_line AS line ON line.order_id = o.id
        WHERE o.coupon_id IS NOT NULL GROUP BY o.id, o.coupon_id, o.discount_minor""")

    op.create_table('storefront_refund',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=True),
    sa.Column('pieces', Json, nullable=False),
    sa.Column('shares', Json, nullable=False),
    sa.Column('restock', sa.Boolean(), nullable=False),
    sa.Column('why', sa.String(length=40), nullable=True),
    sa.Column('asked_by', sa.String(length=80), nullable=True),
    sa.Column('asked_at', Instant(), nullable=False),
    sa.Column('closed_at', Instant(), nullable=True),
    sa.CheckConstraint('amount_minor >= 0', name=op.f('ck_storefront_refund_amount')),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_refund_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_refund'))
    )
    with op.batch_alter_table('storefront_refund', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_refund_order_id'), ['order_id'], unique=False)

    op.create_table('storefront_points_entry',
    sa.Column('movement', sa.String(length=40), nullable=False),
    sa.Column('account', sa.String(length=10), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('points', sa.Integer(), nullable=False),
    sa.Column('why', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('movement', 'account', name=op.f('pk_storefront_points_entry'))
    )
    with op.batch_alter_table('storefront_points_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_points_entry_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_storefront_points_entry_order_id'), ['order_id'], unique=False)
        batch_op.create_index('ix_storefront_points_entry_shopper', ['shopper_id', 'account'], unique=False)


def downgrade() -> None:
    engine = op.get_bind().dialect.name
    for table in ('storefront_points_entry', 'storefront_refund', 'storefront_order_coupon'):
        op.drop_table(table)
    with op.batch_alter_table('storefront_order_line', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_storefront_order_line_returned'), type_='check')
        batch_op.drop_column('returned')
    with op.batch_alter_table('storefront_order', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_storefront_order_returned'), type_='check')
        batch_op.drop_column('points_rate')
        batch_op.drop_column('returned_minor')
    with op.batch_alter_table('storefront_cart', schema=None) as batch_op:
        batch_op.add_column(sa.Column('coupon_id', sa.String(length=40), nullable=True))
    op.execute(f'UPDATE storefront_cart SET coupon_id = {FIRST[engine]}')
    with op.batch_alter_table('storefront_cart', schema=None) as batch_op:
        batch_op.drop_column('delivery')
        batch_op.drop_column('coupon_ids')

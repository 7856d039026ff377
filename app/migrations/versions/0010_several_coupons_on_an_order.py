"""An order may hold and use several coupons; part of a discount comes back when pieces are returned"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

NOT_FIRST = """EXISTS (
    SELECT 1 FROM {table} AS other WHERE other.order_id = {table}.order_id AND other.coupon_id < {table}.coupon_id
)"""


def upgrade() -> None:
    with op.batch_alter_table('offers_hold', schema=None) as batch_op:
        batch_op.add_column(sa.Column('position', sa.Integer(), nullable=False, server_default='0'))
        batch_op.drop_constraint('pk_offers_hold', type_='primary')
        batch_op.create_primary_key('pk_offers_hold', ['order_id', 'coupon_id'])
    with op.batch_alter_table('offers_hold', schema=None) as batch_op:
        batch_op.alter_column('position', server_default=None)
    with op.batch_alter_table('offers_redemption', schema=None) as batch_op:
        batch_op.add_column(sa.Column('returned_minor', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.drop_constraint('uq_offers_redemption_order_id', type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_offers_redemption_order_id_coupon_id'), ['order_id', 'coupon_id'])
        batch_op.create_check_constraint(batch_op.f('ck_offers_redemption_returned'), 'returned_minor BETWEEN 0 AND discount_minor')
    with op.batch_alter_table('offers_redemption', schema=None) as batch_op:
        batch_op.alter_column('returned_minor', server_default=None)


def downgrade() -> None:
    # An older release knows one coupon an order: the first by id stays with it. The others' uses stay in the books without
    # their order, and what still waits for a payment lapses by time.
    op.execute(f"DELETE FROM offers_hold WHERE {NOT_FIRST.format(table='offers_hold')}")
    op.execute(f"UPDATE offers_redemption SET order_id = NULL WHERE {NOT_FIRST.format(table='offers_redemption')}")
    op.execute('UPDATE offers_redemption SET discount_minor = discount_minor - returned_minor, returned_minor = 0')
    with op.batch_alter_table('offers_redemption', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_offers_redemption_returned'), type_='check')
        batch_op.drop_constraint(batch_op.f('uq_offers_redemption_order_id_coupon_id'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_offers_redemption_order_id'), ['order_id'])
        batch_op.drop_column('returned_minor')
    with op.batch_alter_table('offers_hold', schema=None) as batch_op:
        batch_op.drop_constraint('pk_offers_hold', type_='primary')
        batch_op.create_primary_key('pk_offers_hold', ['order_id'])
        batch_op.drop_column('position')

"""An offer that can be used several times is a book of coupons"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number', sa.Integer(), nullable=False, server_default='1'))
        batch_op.drop_constraint('uq_offers_coupon_moment_id_telling', type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_offers_coupon_moment_id_telling_number'), ['moment_id', 'telling', 'number'])
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.alter_column('number', server_default=None)


def downgrade() -> None:
    # The older schema has room for one coupon a moment: the others of a book keep their rows under an id of their own.
    op.execute("UPDATE offers_coupon SET moment_id = 'again:' || substr(id, 1, 34) WHERE number > 1")
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_offers_coupon_moment_id_telling_number'), type_='unique')
        batch_op.create_unique_constraint('uq_offers_coupon_moment_id_telling', ['moment_id', 'telling'])
        batch_op.drop_column('number')

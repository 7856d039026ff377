"""Experiments: the arm of a decision, the version on a coupon"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('offers_decision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('arm', sa.String(length=40), nullable=True))

    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.add_column(sa.Column('variant', sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.drop_column('variant')

    with op.batch_alter_table('offers_decision', schema=None) as batch_op:
        batch_op.drop_column('arm')

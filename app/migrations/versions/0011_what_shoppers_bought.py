"""What shoppers have bought, for audiences and the figures of campaigns"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('offers_purchase',
    sa.Column('order_id', sa.String(length=80), nullable=False),
    sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('product_id', sa.String(length=60), nullable=False),
    sa.Column('category', sa.String(length=80), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('bought_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('order_id', 'line_no', name=op.f('pk_offers_purchase'))
    )
    with op.batch_alter_table('offers_purchase', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_purchase_bought_at'), ['bought_at'], unique=False)
        batch_op.create_index('ix_offers_purchase_shopper', ['shopper_id', 'bought_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('offers_purchase', schema=None) as batch_op:
        batch_op.drop_index('ix_offers_purchase_shopper')
        batch_op.drop_index(batch_op.f('ix_offers_purchase_bought_at'))

    op.drop_table('offers_purchase')

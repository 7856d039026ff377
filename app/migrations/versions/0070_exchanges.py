"""Pieces that are exchanged: what she wants, and the order that replaces them"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json

revision = '0070'
down_revision = '0069'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('storefront_order', sa.Column('exchange_of', sa.String(length=40), nullable=True))
    op.create_index(op.f('ix_storefront_order_exchange_of'), 'storefront_order', ['exchange_of'], unique=False)
    op.add_column('storefront_return_request', sa.Column('exchange', Json, nullable=True))
    op.add_column('storefront_refund', sa.Column('exchange_id', sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column('storefront_refund', 'exchange_id')
    op.drop_column('storefront_return_request', 'exchange')
    op.drop_index(op.f('ix_storefront_order_exchange_of'), table_name='storefront_order')
    op.drop_column('storefront_order', 'exchange_of')

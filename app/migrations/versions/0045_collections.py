"""Orders that are fetched from a store"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_collection',
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('place_id', sa.String(length=60), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('kept_days', sa.Integer(), nullable=False),
        sa.Column('placed_at', Instant(), nullable=False),
        sa.Column('ready_at', Instant(), nullable=True),
        sa.Column('ready_until', Instant(), nullable=True),
        sa.Column('arrived_at', Instant(), nullable=True),
        sa.Column('arrived_by', sa.String(length=10), nullable=True),
        sa.Column('moment_id', sa.String(length=40), nullable=True),
        sa.Column('handed_at', Instant(), nullable=True),
        sa.Column('handed_by', sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_collection_order_id_storefront_order'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('order_id', name=op.f('pk_storefront_collection')),
    )
    op.create_index(op.f('ix_storefront_collection_shopper_id'), 'storefront_collection', ['shopper_id'])
    op.create_index(op.f('ix_storefront_collection_placed_at'), 'storefront_collection', ['placed_at'])
    op.create_index('ix_storefront_collection_state', 'storefront_collection', ['state', 'place_id'])
    op.create_index('ix_storefront_collection_hers', 'storefront_collection', ['shopper_id', 'place_id', 'state'])
    op.add_column('storefront_cart', sa.Column('collect_at', sa.String(length=60), nullable=True))


def downgrade() -> None:
    op.drop_column('storefront_cart', 'collect_at')
    op.drop_table('storefront_collection')

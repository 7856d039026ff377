"""What is bought together: numbers of products, about nobody"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0054'
down_revision = '0053'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_bought_together',
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('other_id', sa.String(length=60), nullable=False),
        sa.Column('score_bp', sa.Integer(), nullable=False),
        sa.Column('counted_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('product_id', 'other_id', name=op.f('pk_storefront_bought_together')),
    )
    op.create_index('ix_storefront_bought_together_best', 'storefront_bought_together', ['product_id', 'score_bp'])


def downgrade() -> None:
    op.drop_table('storefront_bought_together')

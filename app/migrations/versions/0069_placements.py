"""Sponsored placements: what is used up of their budgets, and what was counted"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0069'
down_revision = '0068'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_placement',
        sa.Column('id', sa.String(length=30), nullable=False),
        sa.Column('partner_id', sa.String(length=30), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('budget_minor', sa.BigInteger(), nullable=False),
        sa.Column('spent_minor', sa.BigInteger(), nullable=False),
        sa.Column('views', sa.Integer(), nullable=False),
        sa.Column('clicks', sa.Integer(), nullable=False),
        sa.CheckConstraint('spent_minor BETWEEN 0 AND budget_minor', name=op.f('ck_storefront_placement_within_budget')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_placement')),
    )
    op.create_table(
        'storefront_placement_count',
        sa.Column('placement_id', sa.String(length=30), nullable=False),
        sa.Column('viewer', sa.String(length=64), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('hour', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('placement_id', 'viewer', 'kind', 'hour', name=op.f('pk_storefront_placement_count')),
    )
    op.create_index('ix_storefront_placement_count_at', 'storefront_placement_count', ['at'])


def downgrade() -> None:
    for table in ('storefront_placement_count', 'storefront_placement'):
        op.drop_table(table)

"""Tiers told: which tier of the loyalty programme somebody has, for audiences"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0058'
down_revision = '0057'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'offers_tier',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('tier', sa.Integer(), nullable=False),
        sa.Column('until', Instant(), nullable=False),
        sa.Column('told_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_offers_tier')),
    )
    op.create_index(op.f('ix_offers_tier_told_at'), 'offers_tier', ['told_at'])


def downgrade() -> None:
    op.drop_table('offers_tier')

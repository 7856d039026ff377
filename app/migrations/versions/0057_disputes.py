"""Disputes: money of orders that a bank has taken back, or asks about"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0057'
down_revision = '0056'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_dispute',
        sa.Column('id', sa.String(length=80), nullable=False),
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=15), nullable=False),
        sa.Column('account', sa.String(length=10), nullable=False),
        sa.Column('amount_minor', sa.Integer(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('reason', sa.String(length=60), nullable=False),
        sa.Column('due_at', Instant(), nullable=True),
        sa.Column('opened_at', Instant(), nullable=False),
        sa.Column('told_at', Instant(), nullable=False),
        sa.Column('closed_at', Instant(), nullable=True),
        sa.Column('evidence_at', Instant(), nullable=True),
        sa.CheckConstraint('amount_minor >= 0', name=op.f('ck_storefront_dispute_amount')),
        sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_dispute_order_id_storefront_order'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_dispute')),
    )
    op.create_index(op.f('ix_storefront_dispute_order_id'), 'storefront_dispute', ['order_id'])
    op.create_index('ix_storefront_dispute_due', 'storefront_dispute', ['state', 'due_at'])


def downgrade() -> None:
    op.drop_table('storefront_dispute')

"""Receipts and credit notes: what is due, what was issued, and their numbers"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('storefront_paper_due',
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('cause', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('facts', Json, nullable=False),
    sa.Column('due_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_paper_due_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'cause', name=op.f('pk_storefront_paper_due'))
    )
    op.create_index(op.f('ix_storefront_paper_due_due_at'), 'storefront_paper_due', ['due_at'], unique=False)
    op.create_table('storefront_paper',
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('cause', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('number', sa.String(length=30), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('issued_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_paper_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'cause', name=op.f('pk_storefront_paper')),
    sa.UniqueConstraint('number', name=op.f('uq_storefront_paper_number'))
    )
    op.create_table('storefront_paper_series',
    sa.Column('series', sa.String(length=12), nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last_no', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('series', 'year', name=op.f('pk_storefront_paper_series'))
    )


def downgrade() -> None:
    for table in ('storefront_paper_series', 'storefront_paper', 'storefront_paper_due'):
        op.drop_table(table)

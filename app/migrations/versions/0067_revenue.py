"""Partners' terms, commission on what is sold for them, the books of what they owe, and closed statements"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0067'
down_revision = '0066'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_revenue_terms',
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.Column('applied_by', sa.String(length=80), nullable=False),
        sa.Column('applied_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('version', name=op.f('pk_storefront_revenue_terms')),
    )
    op.create_table(
        'storefront_commission',
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('partner_id', sa.String(length=30), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('rate_bp', sa.Integer(), nullable=False),
        sa.Column('terms_version', sa.Integer(), nullable=False),
        sa.Column('kept_minor', sa.BigInteger(), nullable=False),
        sa.CheckConstraint('kept_minor >= 0', name=op.f('ck_storefront_commission_kept')),
        sa.ForeignKeyConstraint(['order_id', 'line_no'], ['storefront_order_line.order_id', 'storefront_order_line.line_no'], name='of_line', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('order_id', 'line_no', name=op.f('pk_storefront_commission')),
    )
    op.create_index('ix_storefront_commission_partner_id', 'storefront_commission', ['partner_id'])
    op.create_table(
        'storefront_revenue_entry',
        sa.Column('movement', sa.String(length=40), nullable=False),
        sa.Column('account', sa.String(length=12), nullable=False),
        sa.Column('partner_id', sa.String(length=30), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('base_minor', sa.BigInteger(), nullable=False),
        sa.Column('cause', sa.String(length=40), nullable=False),
        sa.Column('line_no', sa.Integer(), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('rate_bp', sa.Integer(), nullable=False),
        sa.Column('why', sa.String(length=20), nullable=False),
        sa.Column('statement_id', sa.String(length=40), nullable=True),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('movement', 'account', name=op.f('pk_storefront_revenue_entry')),
    )
    op.create_index('ix_storefront_revenue_entry_cause', 'storefront_revenue_entry', ['cause', 'line_no'])
    op.create_index('ix_storefront_revenue_entry_open', 'storefront_revenue_entry', ['partner_id', 'account', 'at'])
    op.create_index('ix_storefront_revenue_entry_statement_id', 'storefront_revenue_entry', ['statement_id'])
    op.create_table(
        'storefront_revenue_statement',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('partner_id', sa.String(length=30), nullable=False),
        sa.Column('partner_name', sa.String(length=60), nullable=False),
        sa.Column('period', sa.String(length=7), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('total_minor', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('closed_by', sa.String(length=80), nullable=False),
        sa.Column('closed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_revenue_statement')),
        sa.UniqueConstraint('partner_id', 'currency', 'period', name='uq_storefront_revenue_statement_month'),
    )


def downgrade() -> None:
    for table in ('storefront_revenue_statement', 'storefront_revenue_entry', 'storefront_commission', 'storefront_revenue_terms'):
        op.drop_table(table)

"""Taxes: rates that were set, classes of categories, and the tax of each order line"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('storefront_tax_rate',
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('region', sa.String(length=10), nullable=False),
    sa.Column('tax_class', sa.String(length=20), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('rate_bp', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('set_at', Instant(), nullable=False),
    sa.CheckConstraint('rate_bp BETWEEN 0 AND 10000', name=op.f('ck_storefront_tax_rate_rate')),
    sa.PrimaryKeyConstraint('country', 'region', 'tax_class', 'valid_from', name=op.f('pk_storefront_tax_rate'))
    )
    op.create_table('storefront_tax_class',
    sa.Column('category', sa.String(length=80), nullable=False),
    sa.Column('tax_class', sa.String(length=20), nullable=False),
    sa.Column('set_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('category', name=op.f('pk_storefront_tax_class'))
    )
    op.create_table('storefront_order_tax',
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('rate_bp', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('tax_class', sa.String(length=20), nullable=False),
    sa.Column('paid_minor', sa.Integer(), nullable=False),
    sa.Column('tax_minor', sa.Integer(), nullable=False),
    sa.CheckConstraint('tax_minor BETWEEN 0 AND paid_minor', name=op.f('ck_storefront_order_tax_tax')),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_order_tax_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'line_no', 'rate_bp', 'tax_class', name=op.f('pk_storefront_order_tax'))
    )


def downgrade() -> None:
    for table in ('storefront_order_tax', 'storefront_tax_class', 'storefront_tax_rate'):
        op.drop_table(table)

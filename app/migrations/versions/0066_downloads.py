"""Files of digital products, and how often they were opened"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0066'
down_revision = '0065'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_file',
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('media_type', sa.String(length=100), nullable=False),
        sa.Column('size_bytes', sa.Integer(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('put_at', Instant(), nullable=False),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_file_product_id_storefront_product'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('product_id', name=op.f('pk_storefront_file')),
    )
    op.create_table(
        'storefront_file_part',
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('part_no', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_file.product_id'], name=op.f('fk_storefront_file_part_product_id_storefront_file'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('product_id', 'part_no', name=op.f('pk_storefront_file_part')),
    )
    op.create_table(
        'storefront_download',
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('opened', sa.Integer(), nullable=False),
        sa.Column('opened_at', Instant(), nullable=True),
        sa.CheckConstraint('opened >= 0', name=op.f('ck_storefront_download_opened')),
        sa.ForeignKeyConstraint(['order_id', 'line_no'], ['storefront_order_line.order_id', 'storefront_order_line.line_no'], name='of_line', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('order_id', 'line_no', name=op.f('pk_storefront_download')),
    )


def downgrade() -> None:
    for table in ('storefront_download', 'storefront_file_part', 'storefront_file'):
        op.drop_table(table)

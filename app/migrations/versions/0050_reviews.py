"""Reviews: one a shopper and product, what it says and once said, what others reported"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_review',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('stars', sa.Integer(), nullable=False),
        sa.Column('purchased', sa.Boolean(), nullable=False),
        sa.Column('visited', sa.Boolean(), nullable=False),
        sa.Column('refusals', sa.Integer(), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.CheckConstraint('stars BETWEEN 0 AND 5', name=op.f('ck_storefront_review_stars')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_review')),
        sa.UniqueConstraint('shopper_id', 'product_id', name=op.f('uq_storefront_review_shopper_id_product_id')),
    )
    op.create_index('ix_storefront_review_shown', 'storefront_review', ['product_id', 'state', 'changed_at'])
    op.create_index('ix_storefront_review_queue', 'storefront_review', ['state', 'changed_at'])
    op.create_table(
        'storefront_review_version',
        sa.Column('review_id', sa.String(length=40), nullable=False),
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('stars', sa.Integer(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('waits', Json, nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('why', sa.String(length=40), nullable=True),
        sa.Column('written_at', Instant(), nullable=False),
        sa.Column('decided_at', Instant(), nullable=True),
        sa.Column('decided_by', sa.String(length=80), nullable=True),
        sa.Column('reply_sealed', sa.LargeBinary(), nullable=True),
        sa.Column('replied_at', Instant(), nullable=True),
        sa.Column('replied_by', sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(['review_id'], ['storefront_review.id'], name=op.f('fk_storefront_review_version_review_id_storefront_review'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('review_id', 'version', name=op.f('pk_storefront_review_version')),
    )
    op.create_table(
        'storefront_review_report',
        sa.Column('review_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('cause', sa.String(length=40), nullable=False),
        sa.Column('settled', sa.Boolean(), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.ForeignKeyConstraint(['review_id'], ['storefront_review.id'], name=op.f('fk_storefront_review_report_review_id_storefront_review'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('review_id', 'shopper_id', 'version', name=op.f('pk_storefront_review_report')),
    )
    op.create_index(op.f('ix_storefront_review_report_shopper_id'), 'storefront_review_report', ['shopper_id'])
    op.create_index(op.f('ix_storefront_review_report_at'), 'storefront_review_report', ['at'])


def downgrade() -> None:
    op.drop_table('storefront_review_report')
    op.drop_table('storefront_review_version')
    op.drop_table('storefront_review')

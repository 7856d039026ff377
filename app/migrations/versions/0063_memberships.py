"""Memberships: plans, who is a member, the invoices and their papers; of which plan somebody is a member, for audiences"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0063'
down_revision = '0062'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_membership_plans',
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.Column('applied_by', sa.String(length=80), nullable=False),
        sa.Column('applied_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('version', name=op.f('pk_storefront_membership_plans')),
    )
    op.create_table(
        'storefront_membership',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('seat', sa.String(length=40), nullable=True),
        sa.Column('plan_id', sa.String(length=30), nullable=False),
        sa.Column('plan_name', sa.String(length=60), nullable=False),
        sa.Column('amount_minor', sa.Integer(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('every', sa.String(length=5), nullable=False),
        sa.Column('trial_days', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('subscription_id', sa.String(length=80), nullable=True),
        sa.Column('setup_id', sa.String(length=80), nullable=True),
        sa.Column('kept_id', sa.String(length=40), nullable=True),
        sa.Column('sealed', sa.LargeBinary(), nullable=True),
        sa.Column('trial_ends_at', Instant(), nullable=True),
        sa.Column('period_ends_at', Instant(), nullable=True),
        sa.Column('paid_until', Instant(), nullable=True),
        sa.Column('leaves_at', Instant(), nullable=True),
        sa.Column('gives_until', Instant(), nullable=True),
        sa.Column('next_try_at', Instant(), nullable=True),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('asked', sa.Integer(), nullable=False),
        sa.Column('heard', sa.Integer(), nullable=False),
        sa.Column('look_at', Instant(), nullable=True),
        sa.Column('joined_at', Instant(), nullable=False),
        sa.Column('started_at', Instant(), nullable=True),
        sa.Column('ended_at', Instant(), nullable=True),
        sa.Column('end_reason', sa.String(length=40), nullable=True),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_membership')),
        sa.UniqueConstraint('seat', name=op.f('uq_storefront_membership_seat')),
        sa.UniqueConstraint('subscription_id', name=op.f('uq_storefront_membership_subscription_id')),
    )
    for column in ('shopper_id', 'setup_id', 'look_at', 'changed_at'):
        op.create_index(op.f(f'ix_storefront_membership_{column}'), 'storefront_membership', [column])
    op.create_table(
        'storefront_membership_invoice',
        sa.Column('id', sa.String(length=80), nullable=False),
        sa.Column('membership_id', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=15), nullable=False),
        sa.Column('amount_minor', sa.Integer(), nullable=False),
        sa.Column('refunded_minor', sa.Integer(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('plan_name', sa.String(length=60), nullable=False),
        sa.Column('payment_id', sa.String(length=80), nullable=True),
        sa.Column('starts_at', Instant(), nullable=False),
        sa.Column('ends_at', Instant(), nullable=False),
        sa.Column('paid_at', Instant(), nullable=True),
        sa.Column('look', sa.Boolean(), nullable=False),
        sa.Column('told_at', Instant(), nullable=False),
        sa.CheckConstraint('refunded_minor BETWEEN 0 AND amount_minor', name=op.f('ck_storefront_membership_invoice_refunded')),
        sa.ForeignKeyConstraint(
            ['membership_id'], ['storefront_membership.id'], name=op.f('fk_storefront_membership_invoice_membership_id_storefront_membership'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_membership_invoice')),
    )
    for column in ('membership_id', 'payment_id', 'told_at'):
        op.create_index(op.f(f'ix_storefront_membership_invoice_{column}'), 'storefront_membership_invoice', [column])
    op.create_table(
        'storefront_membership_paper',
        sa.Column('invoice_id', sa.String(length=80), nullable=False),
        sa.Column('upto_minor', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('number', sa.String(length=30), nullable=False),
        sa.Column('content', sa.Text(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('issued_at', Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ['invoice_id'], ['storefront_membership_invoice.id'], name=op.f('fk_storefront_membership_paper_invoice_id_storefront_membership_invoice'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('invoice_id', 'upto_minor', name=op.f('pk_storefront_membership_paper')),
        sa.UniqueConstraint('number', name=op.f('uq_storefront_membership_paper_number')),
    )
    op.create_table(
        'offers_member',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('plan_id', sa.String(length=30), nullable=False),
        sa.Column('until', Instant(), nullable=False),
        sa.Column('told_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_offers_member')),
    )
    op.create_index(op.f('ix_offers_member_told_at'), 'offers_member', ['told_at'])


def downgrade() -> None:
    for table in ('offers_member', 'storefront_membership_paper', 'storefront_membership_invoice', 'storefront_membership', 'storefront_membership_plans'):
        op.drop_table(table)

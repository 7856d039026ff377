"""Cash: what orders still owe, the drawers of tills and couriers, and the books"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0059'
down_revision = '0058'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_cash_claim',
        sa.Column('order_id', sa.String(length=40), nullable=False),
        sa.Column('way', sa.String(length=20), nullable=False),
        sa.Column('place_id', sa.String(length=60), nullable=True),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('opened_at', Instant(), nullable=False),
        sa.Column('ended_at', Instant(), nullable=True),
        sa.Column('ended_by', sa.String(length=80), nullable=True),
        sa.Column('means', sa.String(length=10), nullable=True),
        sa.Column('tendered_minor', sa.BigInteger(), nullable=True),
        sa.Column('drawer_id', sa.String(length=40), nullable=True),
        sa.CheckConstraint('amount_minor > 0', name=op.f('ck_storefront_cash_claim_amount')),
        sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_cash_claim_order_id_storefront_order'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('order_id', name=op.f('pk_storefront_cash_claim')),
    )
    op.create_index(op.f('ix_storefront_cash_claim_drawer_id'), 'storefront_cash_claim', ['drawer_id'])
    op.create_index('ix_storefront_cash_claim_open', 'storefront_cash_claim', ['state', 'place_id'])
    op.create_table(
        'storefront_cash_drawer',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('place_id', sa.String(length=60), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('clerk_id', sa.String(length=80), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('float_minor', sa.BigInteger(), nullable=False),
        sa.Column('expected_minor', sa.BigInteger(), nullable=False),
        sa.Column('counted_minor', sa.BigInteger(), nullable=True),
        sa.Column('difference_minor', sa.BigInteger(), nullable=True),
        sa.Column('why', sa.String(length=20), nullable=True),
        sa.Column('opened_at', Instant(), nullable=False),
        sa.Column('closed_at', Instant(), nullable=True),
        sa.CheckConstraint('expected_minor >= 0', name=op.f('ck_storefront_cash_drawer_expected')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_cash_drawer')),
    )
    op.create_index(
        'uq_storefront_cash_drawer_open', 'storefront_cash_drawer', ['clerk_id', 'currency'], unique=True, sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index('ix_storefront_cash_drawer_day', 'storefront_cash_drawer', ['place_id', 'opened_at'])
    op.create_table(
        'storefront_cash_entry',
        sa.Column('movement', sa.String(length=40), nullable=False),
        sa.Column('account', sa.String(length=12), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('order_id', sa.String(length=40), nullable=True),
        sa.Column('drawer_id', sa.String(length=40), nullable=True),
        sa.Column('why', sa.String(length=20), nullable=False),
        sa.Column('by', sa.String(length=80), nullable=True),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('movement', 'account', name=op.f('pk_storefront_cash_entry')),
    )
    op.create_index(op.f('ix_storefront_cash_entry_at'), 'storefront_cash_entry', ['at'])
    op.create_index(op.f('ix_storefront_cash_entry_order_id'), 'storefront_cash_entry', ['order_id'])
    op.create_index(op.f('ix_storefront_cash_entry_drawer_id'), 'storefront_cash_entry', ['drawer_id'])


def downgrade() -> None:
    for table in ('storefront_cash_entry', 'storefront_cash_drawer', 'storefront_cash_claim'):
        op.drop_table(table)

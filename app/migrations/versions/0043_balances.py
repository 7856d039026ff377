"""Balances in double entry, gift cards, and what an order takes from a balance"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # plain columns, so that SQLite need not copy the tables
    op.add_column('storefront_order', sa.Column('balance_minor', sa.Integer(), server_default='0', nullable=False))
    op.add_column('storefront_order', sa.Column('credited_minor', sa.Integer(), server_default='0', nullable=False))
    op.add_column('storefront_refund', sa.Column('credit_minor', sa.Integer(), server_default='0', nullable=False))
    op.create_table('storefront_balance',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('available_minor', sa.Integer(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.CheckConstraint('available_minor >= 0', name=op.f('ck_storefront_balance_not_negative')),
    sa.PrimaryKeyConstraint('shopper_id', 'currency', name=op.f('pk_storefront_balance'))
    )
    op.create_index(op.f('ix_storefront_balance_changed_at'), 'storefront_balance', ['changed_at'], unique=False)
    op.create_table('storefront_balance_entry',
    sa.Column('movement', sa.String(length=40), nullable=False),
    sa.Column('account', sa.String(length=10), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=True),
    sa.Column('card_id', sa.String(length=40), nullable=True),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('movement', 'account', name=op.f('pk_storefront_balance_entry'))
    )
    for column in ('at', 'card_id', 'order_id'):
        op.create_index(op.f(f'ix_storefront_balance_entry_{column}'), 'storefront_balance_entry', [column], unique=False)
    op.create_index('ix_storefront_balance_entry_shopper', 'storefront_balance_entry', ['shopper_id', 'account'], unique=False)
    op.create_table('storefront_balance_hold',
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('returned_minor', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('held_at', Instant(), nullable=False),
    sa.CheckConstraint('returned_minor BETWEEN 0 AND amount_minor', name=op.f('ck_storefront_balance_hold_returned')),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_storefront_balance_hold'))
    )
    for column in ('held_at', 'shopper_id'):
        op.create_index(op.f(f'ix_storefront_balance_hold_{column}'), 'storefront_balance_hold', [column], unique=False)
    op.create_table('storefront_gift_card',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('sealed_code', sa.LargeBinary(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=True),
    sa.Column('line_no', sa.Integer(), nullable=True),
    sa.Column('piece', sa.Integer(), nullable=True),
    sa.Column('issued_by', sa.String(length=80), nullable=True),
    sa.Column('issued_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('loaded_by', sa.String(length=40), nullable=True),
    sa.Column('loaded_at', Instant(), nullable=True),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_storefront_gift_card_amount')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_gift_card')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_storefront_gift_card_code_hash')),
    sa.UniqueConstraint('order_id', 'line_no', 'piece', name=op.f('uq_storefront_gift_card_order_id_line_no_piece'))
    )
    for column in ('expires_at', 'loaded_by'):
        op.create_index(op.f(f'ix_storefront_gift_card_{column}'), 'storefront_gift_card', [column], unique=False)


def downgrade() -> None:
    for table in ('storefront_gift_card', 'storefront_balance_hold', 'storefront_balance_entry', 'storefront_balance'):
        op.drop_table(table)
    op.drop_column('storefront_refund', 'credit_minor')
    op.drop_column('storefront_order', 'credited_minor')
    op.drop_column('storefront_order', 'balance_minor')

"""Kept payment methods: whose account at the provider, which methods, and what must still be detached there"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0051'
down_revision = '0050'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'storefront_payer',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('default_id', sa.String(length=40), nullable=True),
        sa.Column('changes', sa.Integer(), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_storefront_payer')),
    )
    op.create_table(
        'storefront_kept_method',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('card_hash', sa.String(length=64), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('kept_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_kept_method')),
        sa.UniqueConstraint('shopper_id', 'card_hash', name=op.f('uq_storefront_kept_method_shopper_id_card_hash')),
    )
    op.create_index(op.f('ix_storefront_kept_method_shopper_id'), 'storefront_kept_method', ['shopper_id'])
    op.create_table(
        'storefront_detachment',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('token', sa.String(length=255), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('asked_at', Instant(), nullable=False),
        sa.Column('due_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_detachment')),
    )
    op.create_index(op.f('ix_storefront_detachment_due_at'), 'storefront_detachment', ['due_at'])
    with op.batch_alter_table('storefront_order') as batch:
        batch.add_column(sa.Column('keep_method', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('storefront_order') as batch:
        batch.drop_column('keep_method')
    op.drop_table('storefront_detachment')
    op.drop_table('storefront_kept_method')
    op.drop_table('storefront_payer')

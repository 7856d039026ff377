"""Tills that work without a network, and what became of what they took"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('offers_till',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=80), nullable=False),
    sa.Column('clerk_id', sa.String(length=80), nullable=False),
    sa.Column('cap', sa.Integer(), nullable=False),
    sa.Column('taken', sa.Integer(), nullable=False),
    sa.Column('journal_seq', sa.Integer(), nullable=False),
    sa.Column('journal_hash', sa.String(length=64), nullable=False),
    sa.Column('issued_at', Instant(), nullable=False),
    sa.Column('seen_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_till'))
    )
    with op.batch_alter_table('offers_till', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_till_place_id'), ['place_id'], unique=False)

    op.create_table('offers_provisional',
    sa.Column('till_id', sa.String(length=40), nullable=False),
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('entry_hash', sa.String(length=64), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=True),
    sa.Column('place_id', sa.String(length=80), nullable=False),
    sa.Column('clerk_id', sa.String(length=80), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('received_at', Instant(), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=80), nullable=True),
    sa.Column('redemption_id', sa.String(length=40), nullable=True),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('till_id', 'seq', name=op.f('pk_offers_provisional'))
    )
    with op.batch_alter_table('offers_provisional', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_provisional_coupon_id'), ['coupon_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_provisional_outcome'), ['outcome'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_provisional_received_at'), ['received_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('offers_provisional', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_provisional_received_at'))
        batch_op.drop_index(batch_op.f('ix_offers_provisional_outcome'))
        batch_op.drop_index(batch_op.f('ix_offers_provisional_coupon_id'))

    op.drop_table('offers_provisional')
    with op.batch_alter_table('offers_till', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_till_place_id'))

    op.drop_table('offers_till')

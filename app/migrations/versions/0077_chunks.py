"""Chunks of a campaign's cap and budget, so that transactions that meet need not wait for one row"""

import sqlalchemy as sa
from alembic import op

revision = '0077'
down_revision = '0076'
branch_labels = None
depends_on = None

_COUNTS = ('room', 'room_minor', 'cap', 'budget_minor', 'revoked', 'redeemed', 'reserved_minor', 'spent_minor')


def upgrade() -> None:
    op.create_table(
        'offers_chunk',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('campaign_id', sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.CheckConstraint('room >= 0 AND room_minor >= 0', name=op.f('ck_offers_chunk_room')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_chunk')),
    )
    op.create_index(op.f('ix_offers_chunk_campaign_id'), 'offers_chunk', ['campaign_id'], unique=False)


def downgrade() -> None:
    # what stands in the chunks comes home first
    op.execute(
        'UPDATE offers_counter SET '
        'issued = issued - (SELECT sum(room) FROM offers_chunk k WHERE k.campaign_id = offers_counter.campaign_id), '
        'revoked = revoked + (SELECT sum(revoked) FROM offers_chunk k WHERE k.campaign_id = offers_counter.campaign_id), '
        'redeemed = redeemed + (SELECT sum(redeemed) FROM offers_chunk k WHERE k.campaign_id = offers_counter.campaign_id), '
        'budget_reserved_minor = budget_reserved_minor + (SELECT sum(reserved_minor - room_minor) FROM offers_chunk k WHERE k.campaign_id = offers_counter.campaign_id), '
        'budget_spent_minor = budget_spent_minor + (SELECT sum(spent_minor) FROM offers_chunk k WHERE k.campaign_id = offers_counter.campaign_id) '
        'WHERE campaign_id IN (SELECT campaign_id FROM offers_chunk)'
    )
    op.drop_table('offers_chunk')

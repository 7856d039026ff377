"""Campaigns are approved by another person: who submitted, who approved which version, every move"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('offers_campaign', schema=None) as batch_op:
        batch_op.add_column(sa.Column('submitted_by', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('submitted_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('approved_version', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('approved_by', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('approved_at', Instant(), nullable=True))

    # What ran before there was a review goes on running, and may be paused and resumed.
    op.execute("UPDATE offers_campaign SET approved_version = version WHERE state IN ('live', 'paused')")

    op.create_table('offers_campaign_step',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('from_state', sa.String(length=10), nullable=False),
    sa.Column('to_state', sa.String(length=10), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_campaign_step'))
    )
    with op.batch_alter_table('offers_campaign_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_campaign_step_campaign_id'), ['campaign_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('offers_campaign_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_campaign_step_campaign_id'))

    op.drop_table('offers_campaign_step')
    # A version of the house that knows no review knows neither of its states.
    op.execute("UPDATE offers_campaign SET state = 'draft' WHERE state IN ('review', 'approved')")
    with op.batch_alter_table('offers_campaign', schema=None) as batch_op:
        batch_op.drop_column('approved_at')
        batch_op.drop_column('approved_by')
        batch_op.drop_column('approved_version')
        batch_op.drop_column('submitted_at')
        batch_op.drop_column('submitted_by')

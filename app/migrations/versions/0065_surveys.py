"""Surveys: what is asked, who was asked, what each replied; and what was chosen, for audiences"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0065'
down_revision = '0064'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'notifications_survey',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('title', sa.String(length=120), nullable=False),
        sa.Column('intro', sa.String(length=500), nullable=False),
        sa.Column('shown_after', sa.String(length=10), nullable=False),
        sa.Column('place_ids', Json, nullable=False),
        sa.Column('questions', Json, nullable=False),
        sa.Column('changed_by', sa.String(length=80), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_survey')),
    )
    op.create_table(
        'notifications_survey_asked',
        sa.Column('survey_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('survey_id', 'shopper_id', name=op.f('pk_notifications_survey_asked')),
    )
    op.create_table(
        'notifications_survey_reply',
        sa.Column('survey_id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('survey_id', 'shopper_id', name=op.f('pk_notifications_survey_reply')),
    )
    for table in ('notifications_survey_asked', 'notifications_survey_reply'):
        for column in ('shopper_id', 'at'):
            op.create_index(op.f(f'ix_{table}_{column}'), table, [column])
    op.create_table(
        'offers_answer',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('answer', sa.String(length=130), nullable=False),
        sa.Column('told_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', 'answer', name=op.f('pk_offers_answer')),
    )
    for column in ('answer', 'told_at'):
        op.create_index(op.f(f'ix_offers_answer_{column}'), 'offers_answer', [column])


def downgrade() -> None:
    op.drop_table('offers_answer')
    op.drop_table('notifications_survey_reply')
    op.drop_table('notifications_survey_asked')
    op.drop_table('notifications_survey')

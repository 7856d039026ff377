"""How much was asked of many people's data, and what was answered with noise"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('privacy_budget',
    sa.Column('dataset', sa.String(length=40), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('spent_micro', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('dataset', 'period', name=op.f('pk_privacy_budget'))
    )
    op.create_table('privacy_noisy_answer',
    sa.Column('dataset', sa.String(length=40), nullable=False),
    sa.Column('question', sa.String(length=64), nullable=False),
    sa.Column('asked', sa.Text(), nullable=False),
    sa.Column('epsilon_micro', sa.BigInteger(), nullable=False),
    sa.Column('answer', Json, nullable=False),
    sa.Column('answered_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('dataset', 'question', name=op.f('pk_privacy_noisy_answer'))
    )
    with op.batch_alter_table('privacy_noisy_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_privacy_noisy_answer_answered_at'), ['answered_at'], unique=False)


def downgrade() -> None:
    op.drop_table('privacy_noisy_answer')
    op.drop_table('privacy_budget')

"""Support: cases, and what is in them"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0060'
down_revision = '0059'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'notifications_support_case',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('category', sa.String(length=12), nullable=False),
        sa.Column('priority', sa.String(length=8), nullable=False),
        sa.Column('channel', sa.String(length=8), nullable=False),
        sa.Column('subject_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('order_id', sa.String(length=40), nullable=True),
        sa.Column('visit_id', sa.String(length=80), nullable=True),
        sa.Column('decision_id', sa.String(length=40), nullable=True),
        sa.Column('coupon_id', sa.String(length=40), nullable=True),
        sa.Column('thread_id', sa.String(length=40), nullable=True),
        sa.Column('place_id', sa.String(length=80), nullable=True),
        sa.Column('merged_into', sa.String(length=40), nullable=True),
        sa.Column('last_seq', sa.Integer(), nullable=False),
        sa.Column('claimed_by', sa.String(length=80), nullable=True),
        sa.Column('owed_since', Instant(), nullable=True),
        sa.Column('running_since', Instant(), nullable=True),
        sa.Column('answer_left_s', sa.Integer(), nullable=True),
        sa.Column('solve_left_s', sa.Integer(), nullable=False),
        sa.Column('answer_due_at', Instant(), nullable=True),
        sa.Column('solve_due_at', Instant(), nullable=True),
        sa.Column('answer_late_at', Instant(), nullable=True),
        sa.Column('solve_late_at', Instant(), nullable=True),
        sa.Column('opened_at', Instant(), nullable=False),
        sa.Column('answered_at', Instant(), nullable=True),
        sa.Column('solved_at', Instant(), nullable=True),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.Column('stars', sa.Integer(), nullable=True),
        sa.Column('rating_sealed', sa.LargeBinary(), nullable=True),
        sa.Column('rated_at', Instant(), nullable=True),
        sa.CheckConstraint('stars BETWEEN 1 AND 5', name=op.f('ck_notifications_support_case_stars')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_support_case')),
    )
    for column in ('shopper_id', 'order_id', 'opened_at', 'changed_at'):
        op.create_index(op.f(f'ix_notifications_support_case_{column}'), 'notifications_support_case', [column])
    op.create_index('ix_notifications_support_case_queue', 'notifications_support_case', ['state', 'solve_due_at'])
    op.create_index('ix_notifications_support_case_answer_due', 'notifications_support_case', ['answer_due_at'])
    op.create_table(
        'notifications_support_entry',
        sa.Column('case_id', sa.String(length=40), nullable=False),
        sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('author', sa.String(length=8), nullable=False),
        sa.Column('who', sa.String(length=80), nullable=True),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('case_id', 'seq', name=op.f('pk_notifications_support_entry')),
    )
    for column in ('shopper_id', 'at'):
        op.create_index(op.f(f'ix_notifications_support_entry_{column}'), 'notifications_support_entry', [column])


def downgrade() -> None:
    op.drop_table('notifications_support_entry')
    op.drop_table('notifications_support_case')

"""What was used by the day, and which days are closed"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0071'
down_revision = '0070'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'notifications_usage',
        sa.Column('day', sa.String(length=10), nullable=False),
        sa.Column('unit', sa.String(length=20), nullable=False),
        sa.Column('units', sa.BigInteger(), nullable=False),
        sa.CheckConstraint('units >= 0', name=op.f('ck_notifications_usage_not_negative')),
        sa.PrimaryKeyConstraint('day', 'unit', name=op.f('pk_notifications_usage')),
    )
    op.create_table(
        'notifications_usage_report',
        sa.Column('day', sa.String(length=10), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('reported_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('day', name=op.f('pk_notifications_usage_report')),
    )


def downgrade() -> None:
    for table in ('notifications_usage_report', 'notifications_usage'):
        op.drop_table(table)

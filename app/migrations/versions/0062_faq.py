"""Questions often asked: the shop's own words, by language"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0062'
down_revision = '0061'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'notifications_faq',
        sa.Column('id', sa.String(length=60), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('texts', Json, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('changed_by', sa.String(length=80), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_faq')),
    )


def downgrade() -> None:
    op.drop_table('notifications_faq')

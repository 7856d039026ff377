"""How she likes to be told"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'notifications_preference',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('language', sa.String(length=35), nullable=False),
        sa.Column('ways', Json, nullable=False),
        sa.Column('called_sealed', sa.LargeBinary(), nullable=True),
        sa.Column('set_at', Instant, nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_notifications_preference')),
    )


def downgrade() -> None:
    op.drop_table('notifications_preference')

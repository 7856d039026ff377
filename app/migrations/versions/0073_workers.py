"""Which processes work on the log, so that they can share it, and how far each partition was read when it was written down"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0073'
down_revision = '0072'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'geofences_worker',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('until', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_worker')),
    )
    op.add_column('geofences_log_partition', sa.Column('read', sa.BigInteger(), server_default='0', nullable=False))


def downgrade() -> None:
    op.drop_column('geofences_log_partition', 'read')
    op.drop_table('geofences_worker')

"""Where the log of fixes is kept, how much of a shared one is in the table, and what of it could not be read"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0075'
down_revision = '0073'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'geofences_shared_log',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('topic', sa.String(length=300), nullable=False),
        sa.Column('begun_at', Instant(), nullable=False),
        sa.Column('unreadable_before', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_shared_log')),
    )
    op.create_table(
        'geofences_dead_letter',
        sa.Column('partition', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.String(length=40), nullable=False),
        sa.Column('size_bytes', sa.Integer(), nullable=False),
        sa.Column('found_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('partition', 'position', name=op.f('pk_geofences_dead_letter')),
    )
    op.add_column('geofences_log_partition', sa.Column('kept', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('geofences_log_partition', sa.Column('kept_at', Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column('geofences_log_partition', 'kept_at')
    op.drop_column('geofences_log_partition', 'kept')
    op.drop_table('geofences_dead_letter')
    op.drop_table('geofences_shared_log')

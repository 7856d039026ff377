"""Prints of the ways that led to visits, to know one that is told again"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('geofences_motion_print',
    sa.Column('value', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('value', 'device_id', name=op.f('pk_geofences_motion_print'))
    )
    with op.batch_alter_table('geofences_motion_print', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_motion_print_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_motion_print_shopper_id'), ['shopper_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('geofences_motion_print', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_motion_print_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_motion_print_at'))

    op.drop_table('geofences_motion_print')

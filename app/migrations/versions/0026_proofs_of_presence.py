"""Proofs of presence: codes of places that shoppers have shown"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('geofences_presence',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('use_hash', sa.String(length=64), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('relayed_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_presence')),
    sa.UniqueConstraint('use_hash', name=op.f('uq_geofences_presence_use_hash'))
    )
    with op.batch_alter_table('geofences_presence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_presence_at'), ['at'], unique=False)
        batch_op.create_index('ix_geofences_presence_shopper_id_at', ['shopper_id', 'at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('geofences_presence', schema=None) as batch_op:
        batch_op.drop_index('ix_geofences_presence_shopper_id_at')
        batch_op.drop_index(batch_op.f('ix_geofences_presence_at'))

    op.drop_table('geofences_presence')

"""Beacons"""

import sqlalchemy as sa
from alembic import op
from app.kernel.db import Instant

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('geofences_beacon_version',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_beacon_version'))
    )
    op.create_table('geofences_corroboration',
    sa.Column('visit_id', sa.String(length=40), nullable=False),
    sa.Column('by_visit_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('noted_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('visit_id', 'by_visit_id', name=op.f('pk_geofences_corroboration'))
    )
    with op.batch_alter_table('geofences_corroboration', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_corroboration_noted_at'), ['noted_at'], unique=False)
        batch_op.create_index('ix_geofences_corroboration_shopper', ['shopper_id'], unique=False)

    op.create_table('geofences_hearing_state',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', 'device_id', name=op.f('pk_geofences_hearing_state'))
    )
    with op.batch_alter_table('geofences_hearing_state', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_hearing_state_changed_at'), ['changed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_hearing_state_partition'), ['partition'], unique=False)

    op.create_table('geofences_sighting_log',
    sa.Column('partition', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('sightings', sa.Integer(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('received_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('partition', 'position', name=op.f('pk_geofences_sighting_log')),
    sa.UniqueConstraint('device_id', 'digest', name=op.f('uq_geofences_sighting_log_device_id_digest'))
    )
    with op.batch_alter_table('geofences_sighting_log', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_sighting_log_received_at'), ['received_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_sighting_log_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('geofences_beacon_zone',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('floor', sa.String(length=40), nullable=False),
    sa.Column('within_place_id', sa.String(length=40), nullable=True),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['place_id'], ['geofences_place.id'], name=op.f('fk_geofences_beacon_zone_place_id_geofences_place'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_beacon_zone'))
    )
    with op.batch_alter_table('geofences_beacon_zone', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_beacon_zone_place_id'), ['place_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_beacon_zone_within_place_id'), ['within_place_id'], unique=False)

    op.create_table('geofences_beacon',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('zone_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('identity', sa.String(length=80), nullable=False),
    sa.Column('address', sa.String(length=17), nullable=False),
    sa.Column('power_dbm', sa.Float(precision=53), nullable=True),
    sa.Column('lat_deg', sa.Float(precision=53), nullable=True),
    sa.Column('lon_deg', sa.Float(precision=53), nullable=True),
    sa.Column('identity_key', sa.LargeBinary(), nullable=True),
    sa.Column('exponent', sa.Integer(), nullable=True),
    sa.Column('set_at', Instant(), nullable=True),
    sa.Column('set_clock_s', sa.BigInteger(), nullable=True),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['zone_id'], ['geofences_beacon_zone.id'], name=op.f('fk_geofences_beacon_zone_id_geofences_beacon_zone'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_beacon'))
    )
    with op.batch_alter_table('geofences_beacon', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_beacon_identity'), ['identity'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_beacon_zone_id'), ['zone_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('geofences_beacon', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_beacon_zone_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_beacon_identity'))

    op.drop_table('geofences_beacon')
    with op.batch_alter_table('geofences_beacon_zone', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_beacon_zone_within_place_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_beacon_zone_place_id'))

    op.drop_table('geofences_beacon_zone')
    with op.batch_alter_table('geofences_sighting_log', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_sighting_log_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_sighting_log_received_at'))

    op.drop_table('geofences_sighting_log')
    with op.batch_alter_table('geofences_hearing_state', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_hearing_state_partition'))
        batch_op.drop_index(batch_op.f('ix_geofences_hearing_state_changed_at'))

    op.drop_table('geofences_hearing_state')
    with op.batch_alter_table('geofences_corroboration', schema=None) as batch_op:
        batch_op.drop_index('ix_geofences_corroboration_shopper')
        batch_op.drop_index(batch_op.f('ix_geofences_corroboration_noted_at'))

    op.drop_table('geofences_corroboration')
    op.drop_table('geofences_beacon_version')

"""Sensitive places, which fences are near them, and what this house keeps"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('geofences_sensitive_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('jurisdiction', sa.String(length=10), nullable=False),
    sa.Column('health_m', sa.Float(precision=53), nullable=False),
    sa.Column('other_m', sa.Float(precision=53), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_sensitive_head'))
    )
    op.create_table('geofences_sensitive_place',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('jurisdiction', sa.String(length=10), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('reference', sa.String(length=200), nullable=True),
    sa.Column('geometry', Json, nullable=False),
    sa.Column('radius_m', sa.Float(precision=53), nullable=True),
    sa.Column('buffer_m', sa.Float(precision=53), nullable=True),
    sa.Column('watch_lat_deg', sa.Float(precision=53), nullable=False),
    sa.Column('watch_lon_deg', sa.Float(precision=53), nullable=False),
    sa.Column('watch_radius_m', sa.Float(precision=53), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_sensitive_place'))
    )
    with op.batch_alter_table('geofences_sensitive_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_sensitive_place_source'), ['source'], unique=False)
    op.create_table('geofences_near_sensitive',
    sa.Column('fence_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('jurisdiction', sa.String(length=10), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('sensitive_id', sa.String(length=40), nullable=False),
    sa.Column('distance_m', sa.Float(precision=53), nullable=False),
    sa.ForeignKeyConstraint(['fence_id'], ['geofences_fence.id'], name=op.f('fk_geofences_near_sensitive_fence_id_geofences_fence'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sensitive_id'], ['geofences_sensitive_place.id'], name=op.f('fk_geofences_near_sensitive_sensitive_id_geofences_sensitive_place'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('fence_id', 'kind', 'jurisdiction', name=op.f('pk_geofences_near_sensitive'))
    )
    with op.batch_alter_table('geofences_near_sensitive', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_near_sensitive_sensitive_id'), ['sensitive_id'], unique=False)


def downgrade() -> None:
    op.drop_table('geofences_near_sensitive')
    op.drop_table('geofences_sensitive_place')
    op.drop_table('geofences_sensitive_head')

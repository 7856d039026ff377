"""Corridors, and where fences lie"""

import math

import sqlalchemy as sa
from alembic import op
from app.kernel.db import Json

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

NEW = ('watch_lat_deg', 'watch_lon_deg', 'watch_radius_m', 'tile')
RADIUS_M = 6_371_008.8
SIZES_DEG = (0.02, 0.08, 0.32, 1.28, 5.12, 20.48, 360.0)


def upgrade() -> None:
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        batch_op.add_column(sa.Column('buffer_m', sa.Float(precision=53), nullable=True))
        batch_op.add_column(sa.Column('watch_lat_deg', sa.Float(precision=53), nullable=True))
        batch_op.add_column(sa.Column('watch_lon_deg', sa.Float(precision=53), nullable=True))
        batch_op.add_column(sa.Column('watch_radius_m', sa.Float(precision=53), nullable=True))
        batch_op.add_column(sa.Column('tile', sa.BigInteger(), nullable=True))
    _place_what_is_there()
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        for name in NEW:
            kind = sa.BigInteger() if name == 'tile' else sa.Float(precision=53)
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        batch_op.create_index(batch_op.f('ix_geofences_fence_tile'), ['tile'], unique=False)


def downgrade() -> None:
    # A fence this revision's predecessor cannot read would stop its runner.
    op.execute("DELETE FROM geofences_fence WHERE buffer_m IS NOT NULL")
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_fence_tile'))
        for name in (*NEW, 'buffer_m'):
            batch_op.drop_column(name)


def _place_what_is_there() -> None:
    fence = sa.table('geofences_fence', sa.column('id', sa.String), sa.column('geometry', Json),
                     sa.column('radius_m', sa.Float), *(sa.column(name) for name in NEW))
    connection = op.get_bind()
    for row in connection.execute(sa.select(fence.c.id, fence.c.geometry, fence.c.radius_m)).all():
        lat, lon, reach = _circle(row.geometry, row.radius_m)
        connection.execute(sa.update(fence).where(fence.c.id == row.id).values(
            watch_lat_deg=lat, watch_lon_deg=lon, watch_radius_m=reach, tile=_tile(lat, lon, reach)))


def _circle(geometry: dict, radius_m: float | None) -> tuple[float, float, float]:
    points = _points(geometry['coordinates'])
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    lon, lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    if radius_m is not None:
        return lat, lon, radius_m
    # 5 % and 5 m more: edges of very large polygons bulge between their ends.
    return lat, lon, min(20_100_000.0, max(_metres(lat, lon, y, x) for x, y in points) * 1.05 + 5)


def _points(coordinates: list) -> list:
    if coordinates and isinstance(coordinates[0], (int, float)):
        return [coordinates]
    return [point for member in coordinates for point in _points(member)]


def _metres(lat0: float, lon0: float, lat1: float, lon1: float) -> float:
    a = math.sin(math.radians(lat1 - lat0) / 2) ** 2
    a += math.cos(math.radians(lat0)) * math.cos(math.radians(lat1)) * math.sin(math.radians(lon1 - lon0) / 2) ** 2
    return 2 * RADIUS_M * math.asin(math.sqrt(min(1.0, a)))


def _tile(lat: float, lon: float, reach_m: float) -> int:
    high = reach_m / (math.radians(1) * RADIUS_M) * 1.000001
    wide = 180.0 if abs(lat) + high >= 90 else min(180.0, high / math.cos(math.radians(abs(lat) + high)))
    level = next((i for i, size in enumerate(SIZES_DEG) if 2 * max(high, wide) <= size), len(SIZES_DEG) - 1)
    size = SIZES_DEG[level]
    column = min(math.floor((lon + 180) / size), math.ceil(360 / size) - 1)
    return level << 40 | math.floor((lat + 90) / size) << 20 | column

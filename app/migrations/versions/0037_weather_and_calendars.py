"""Weather and calendars"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'offers_area',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('lat_deg', sa.Double(), nullable=False),
        sa.Column('lon_deg', sa.Double(), nullable=False),
        sa.Column('radius_m', sa.Integer(), nullable=False),
        sa.Column('timezone', sa.String(length=60), nullable=False),
        sa.Column('region', sa.String(length=10), nullable=True),
        sa.Column('fetch_at', Instant(), nullable=True),
        sa.Column('trouble', sa.String(length=80), nullable=False),
        sa.CheckConstraint('lat_deg BETWEEN -90 AND 90 AND lon_deg BETWEEN -180 AND 180 AND radius_m > 0', name=op.f('ck_offers_area_spot')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_area')),
    )
    op.create_table(
        'offers_forecast',
        sa.Column('area_id', sa.String(length=40), nullable=False),
        sa.Column('day', sa.String(length=10), nullable=False),
        sa.Column('known_at', Instant(), nullable=False),
        sa.Column('good_until', Instant(), nullable=False),
        sa.Column('high_c', sa.Double(), nullable=False),
        sa.Column('rain_mm', sa.Double(), nullable=False),
        sa.Column('cloud_pct', sa.Integer(), nullable=True),
        sa.Column('source', sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint('area_id', 'day', 'known_at', name=op.f('pk_offers_forecast')),
    )
    op.create_index(op.f('ix_offers_forecast_known_at'), 'offers_forecast', ['known_at'], unique=False)
    op.create_table(
        'offers_calendar',
        sa.Column('region', sa.String(length=10), nullable=False),
        sa.Column('first_day', sa.String(length=10), nullable=False),
        sa.Column('last_day', sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint('region', name=op.f('pk_offers_calendar')),
    )
    op.create_table(
        'offers_calendar_day',
        sa.Column('region', sa.String(length=10), nullable=False),
        sa.Column('day', sa.String(length=10), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('holiday', sa.Boolean(), nullable=False),
        sa.Column('title', Json, nullable=False),
        sa.PrimaryKeyConstraint('region', 'day', 'name', name=op.f('pk_offers_calendar_day')),
    )


def downgrade() -> None:
    op.drop_table('offers_calendar_day')
    op.drop_table('offers_calendar')
    op.drop_index(op.f('ix_offers_forecast_known_at'), table_name='offers_forecast')
    op.drop_table('offers_forecast')
    op.drop_table('offers_area')

"""Positions outside become cells.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("geofences_fix_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("coarse", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("forget_at", Instant(), nullable=True))
        batch_op.create_index(batch_op.f("ix_geofences_fix_log_forget_at"), ["forget_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("geofences_fix_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_geofences_fix_log_forget_at"))
        batch_op.drop_column("forget_at")
        batch_op.drop_column("coarse")

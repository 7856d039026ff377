"""Late truth, and places within places"""

import sqlalchemy as sa
from alembic import op
from app.kernel.db import Instant

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('geofences_moment_retracted',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('visit_id', sa.String(length=40), nullable=False),
    sa.Column('occurred_at', Instant(), nullable=False),
    sa.Column('detected_at', Instant(), nullable=False),
    sa.Column('retracted_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_moment_retracted'))
    )
    with op.batch_alter_table('geofences_moment_retracted', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_moment_retracted_retracted_at'), ['retracted_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_moment_retracted_shopper_id'), ['shopper_id'], unique=False)
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        batch_op.add_column(sa.Column('level', sa.Integer(), server_default='0', nullable=False))
    with op.batch_alter_table('geofences_visit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('decided_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('parent_id', sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('geofences_visit', schema=None) as batch_op:
        batch_op.drop_column('parent_id')
        batch_op.drop_column('decided_at')
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        batch_op.drop_column('level')
    op.drop_table('geofences_moment_retracted')

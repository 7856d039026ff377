"""Where a trace goes on: what was under way when an event, a batch, a message or a coupon was written"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0076'
down_revision = '0075'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'kernel_trace_step',
        sa.Column('step', sa.String(length=60), nullable=False),
        sa.Column('trace', sa.String(length=55), nullable=False),
        sa.Column('created_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('step', name=op.f('pk_kernel_trace_step')),
    )
    op.create_index(op.f('ix_kernel_trace_step_created_at'), 'kernel_trace_step', ['created_at'], unique=False)


def downgrade() -> None:
    op.drop_table('kernel_trace_step')

"""Leases by name: what one process at a time may do"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0072'
down_revision = '0071'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'kernel_lease',
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('owner', sa.String(length=120), nullable=True),
        sa.Column('epoch', sa.BigInteger(), nullable=False),
        sa.Column('until', Instant(), nullable=True),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_kernel_lease')),
    )


def downgrade() -> None:
    op.drop_table('kernel_lease')

"""Which process claimed an idempotency key, so that its successor need not wait for the lease of the dead"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('kernel_idempotency', schema=None) as batch_op:
        batch_op.add_column(sa.Column('claimed_by', sa.String(length=120), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('kernel_idempotency', schema=None) as batch_op:
        batch_op.drop_column('claimed_by')

"""Mail that came back"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # plain columns, so that SQLite need not copy the table
    op.add_column('notifications_delivery', sa.Column('mail_status', sa.String(length=11), nullable=True))
    op.add_column('notifications_delivery', sa.Column('complained_at', Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column('notifications_delivery', 'complained_at')
    op.drop_column('notifications_delivery', 'mail_status')

"""What became of letters after they were sent"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0048'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('security_letter') as letters:
        letters.add_column(sa.Column('to_hash', sa.String(length=64), nullable=True))
        letters.add_column(sa.Column('mail_status', sa.String(length=11), nullable=True))
        letters.add_column(sa.Column('complained_at', Instant(), nullable=True))


def downgrade() -> None:
    op.execute("UPDATE security_letter SET state = 'failed' WHERE state = 'nobody'")
    with op.batch_alter_table('security_letter') as letters:
        for column in ('complained_at', 'mail_status', 'to_hash'):
            letters.drop_column(column)

"""Keys of browsers"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('security_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('key_thumbprint', sa.String(length=43), nullable=True))
        batch_op.add_column(sa.Column('key_seen_at', Instant, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('security_session', schema=None) as batch_op:
        batch_op.drop_column('key_seen_at')
        batch_op.drop_column('key_thumbprint')

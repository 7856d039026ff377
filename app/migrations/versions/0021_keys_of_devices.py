"""A device's token may be bound to a key; what counts once is remembered"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_seen',
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name_hash', sa.String(length=64), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'name_hash', name=op.f('pk_security_seen'))
    )
    with op.batch_alter_table('security_seen', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_seen_expires_at'), ['expires_at'], unique=False)

    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.add_column(sa.Column('key_thumbprint', sa.String(length=43), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.drop_column('key_thumbprint')

    with op.batch_alter_table('security_seen', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_seen_expires_at'))

    op.drop_table('security_seen')

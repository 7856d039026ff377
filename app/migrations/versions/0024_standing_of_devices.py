"""What phones prove about themselves; a shopper and her phones may be frozen"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_app_attest_key',
    sa.Column('key_id', sa.String(length=64), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('counter', sa.BigInteger(), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('used_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('key_id', name=op.f('pk_security_app_attest_key'))
    )
    with op.batch_alter_table('security_app_attest_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_app_attest_key_device_id'), ['device_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_app_attest_key_used_at'), ['used_at'], unique=False)

    op.create_table('security_attestation',
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=False),
    sa.Column('facts', Json, nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('device_id', name=op.f('pk_security_attestation'))
    )
    with op.batch_alter_table('security_attestation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_attestation_at'), ['at'], unique=False)

    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.add_column(sa.Column('frozen_why', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('told_at', Instant(), nullable=True))

    with op.batch_alter_table('security_shopper', schema=None) as batch_op:
        batch_op.add_column(sa.Column('frozen_why', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('frozen_at', Instant(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('security_shopper', schema=None) as batch_op:
        batch_op.drop_column('frozen_at')
        batch_op.drop_column('frozen_why')

    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.drop_column('told_at')
        batch_op.drop_column('frozen_why')

    with op.batch_alter_table('security_attestation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_attestation_at'))

    op.drop_table('security_attestation')
    with op.batch_alter_table('security_app_attest_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_app_attest_key_used_at'))
        batch_op.drop_index(batch_op.f('ix_security_app_attest_key_device_id'))

    op.drop_table('security_app_attest_key')

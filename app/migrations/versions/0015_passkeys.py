"""Passkeys, challenges, and when somebody last proved who she is"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_challenge',
    sa.Column('challenge_hash', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('bound_to', sa.String(length=64), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('used_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('challenge_hash', name=op.f('pk_security_challenge'))
    )
    with op.batch_alter_table('security_challenge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_challenge_expires_at'), ['expires_at'], unique=False)

    op.create_table('security_passkey',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('credential_hash', sa.String(length=64), nullable=False),
    sa.Column('credential_id', sa.LargeBinary(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('person_id', sa.String(length=40), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('model', sa.String(length=36), nullable=False),
    sa.Column('synced', sa.Boolean(), nullable=False),
    sa.Column('transports', Json, nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('last_used_at', Instant(), nullable=True),
    sa.Column('suspect_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_passkey')),
    sa.UniqueConstraint('credential_hash', name=op.f('uq_security_passkey_credential_hash'))
    )
    with op.batch_alter_table('security_passkey', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_passkey_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_passkey_shopper_id'), ['shopper_id'], unique=False)

    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.add_column(sa.Column('password_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('passkey_at', Instant(), nullable=True))

    with op.batch_alter_table('security_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('password_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('passkey_at', Instant(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('security_session', schema=None) as batch_op:
        batch_op.drop_column('passkey_at')
        batch_op.drop_column('password_at')

    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.drop_column('passkey_at')
        batch_op.drop_column('password_at')

    with op.batch_alter_table('security_passkey', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_passkey_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_security_passkey_person_id'))

    op.drop_table('security_passkey')
    with op.batch_alter_table('security_challenge', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_challenge_expires_at'))

    op.drop_table('security_challenge')

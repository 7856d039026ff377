"""Who ended which signing key; the GS1 serial numbers of coupons"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_key_change',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.String(length=40), nullable=False),
    sa.Column('key_id', sa.String(length=20), nullable=False),
    sa.Column('change', sa.String(length=10), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('why', sa.String(length=300), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_key_change'))
    )
    with op.batch_alter_table('security_key_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_key_change_at'), ['at'], unique=False)

    op.create_table('offers_gs1_serial',
    sa.Column('value_hash', sa.String(length=64), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('value_hash', name=op.f('pk_offers_gs1_serial')),
    sa.UniqueConstraint('coupon_id', name=op.f('uq_offers_gs1_serial_coupon_id'))
    )


def downgrade() -> None:
    op.drop_table('offers_gs1_serial')
    with op.batch_alter_table('security_key_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_key_change_at'))

    op.drop_table('security_key_change')

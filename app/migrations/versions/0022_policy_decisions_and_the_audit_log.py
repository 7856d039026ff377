"""What the rules answered, and the log that shows when somebody has been at it"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_policy_decision',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('action', sa.String(length=30), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('caller', sa.String(length=120), nullable=True),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('reasons', Json, nullable=False),
    sa.Column('policy_ids', Json, nullable=False),
    sa.Column('acr', sa.String(length=20), nullable=True),
    sa.Column('max_age_s', sa.Integer(), nullable=True),
    sa.Column('inputs_hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_policy_decision'))
    )
    with op.batch_alter_table('security_policy_decision', schema=None) as batch_op:
        batch_op.create_index('ix_security_policy_decision_at', ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_policy_decision_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('security_audit',
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('actor', sa.String(length=140), nullable=False),
    sa.Column('subject_hash', sa.String(length=64), nullable=True),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_security_audit'))
    )
    with op.batch_alter_table('security_audit', schema=None) as batch_op:
        batch_op.create_index('ix_security_audit_at', ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_audit_subject_hash'), ['subject_hash'], unique=False)

    op.create_table('security_audit_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_audit_head'))
    )


def downgrade() -> None:
    op.drop_table('security_audit_head')
    op.drop_table('security_audit')
    op.drop_table('security_policy_decision')

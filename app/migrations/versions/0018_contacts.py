"""Verified contacts, codes on their way to them, what was changed, letters to be sent, and the familiar word"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_contact',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('value_hash', sa.String(length=64), nullable=False),
    sa.Column('verified_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', 'kind', name=op.f('pk_security_contact')),
    sa.UniqueConstraint('id', name=op.f('uq_security_contact_id'))
    )
    op.create_index(op.f('ix_security_contact_value_hash'), 'security_contact', ['value_hash'], unique=False)
    op.create_table('security_contact_code',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('value_hash', sa.String(length=64), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('tries_left', sa.Integer(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('used_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('shopper_id', 'kind', name=op.f('pk_security_contact_code')),
    sa.UniqueConstraint('id', name=op.f('uq_security_contact_code_id'))
    )
    op.create_index(op.f('ix_security_contact_code_expires_at'), 'security_contact_code', ['expires_at'], unique=False)
    op.create_table('security_contact_change',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('change', sa.String(length=10), nullable=False),
    sa.Column('old_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('old_verified_at', Instant(), nullable=True),
    sa.Column('cooling', sa.Boolean(), nullable=False),
    sa.Column('undo_hash', sa.String(length=64), nullable=True),
    sa.Column('undo_until', Instant(), nullable=True),
    sa.Column('undone_at', Instant(), nullable=True),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_contact_change')),
    sa.UniqueConstraint('undo_hash', name=op.f('uq_security_contact_change_undo_hash'))
    )
    op.create_index(op.f('ix_security_contact_change_at'), 'security_contact_change', ['at'], unique=False)
    op.create_index('ix_security_contact_change_lately', 'security_contact_change', ['shopper_id', 'at'], unique=False)
    op.create_table('security_letter',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('about', sa.String(length=20), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('claim', sa.String(length=40), nullable=True),
    sa.Column('due_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('sent_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_letter'))
    )
    op.create_index(op.f('ix_security_letter_shopper_id'), 'security_letter', ['shopper_id'], unique=False)
    op.create_index(op.f('ix_security_letter_created_at'), 'security_letter', ['created_at'], unique=False)
    op.create_index('ix_security_letter_due', 'security_letter', ['state', 'due_at'], unique=False)
    op.create_table('security_familiar_word',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('word_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('set_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_security_familiar_word'))
    )


def downgrade() -> None:
    for table in ('security_familiar_word', 'security_letter', 'security_contact_change', 'security_contact_code', 'security_contact'):
        op.drop_table(table)

"""That she asked about a message by a code we never sent"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0047'
down_revision = '0046'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_unknown_code',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_security_unknown_code'))
    )
    op.create_index(op.f('ix_security_unknown_code_at'), 'security_unknown_code', ['at'], unique=False)


def downgrade() -> None:
    op.drop_table('security_unknown_code')

"""What went with somebody unknown when she signed in, to be shown to her"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0053'
down_revision = '0052'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'security_join',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('from_shopper_id', sa.String(length=40), nullable=False),
        sa.Column('told', Json, nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_security_join')),
    )
    op.create_index(op.f('ix_security_join_shopper_id'), 'security_join', ['shopper_id'])
    op.create_index(op.f('ix_security_join_at'), 'security_join', ['at'])


def downgrade() -> None:
    op.drop_table('security_join')

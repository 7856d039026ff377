"""When consent last changed"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('privacy_consent_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('stamp', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_privacy_consent_head'))
    )
    op.execute("INSERT INTO privacy_consent_head (id, stamp) VALUES (0, 'before any change')")


def downgrade() -> None:
    op.drop_table('privacy_consent_head')

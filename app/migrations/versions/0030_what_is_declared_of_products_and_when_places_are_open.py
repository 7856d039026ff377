"""What is declared of products, and when places are open"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('storefront_product', schema=None) as batch_op:
        batch_op.add_column(sa.Column('particulars', Json, nullable=True))
    with op.batch_alter_table('geofences_place', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hours', Json, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('geofences_place', schema=None) as batch_op:
        batch_op.drop_column('hours')
    with op.batch_alter_table('storefront_product', schema=None) as batch_op:
        batch_op.drop_column('particulars')

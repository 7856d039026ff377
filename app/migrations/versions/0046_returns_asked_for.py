"""What shoppers ask to give back"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table('storefront_return_request',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('pieces', Json, nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('to_credit', sa.Boolean(), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('asked_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('closed_at', Instant(), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_return_request_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_return_request'))
    )
    op.create_index(op.f('ix_storefront_return_request_order_id'), 'storefront_return_request', ['order_id'], unique=False)
    op.create_index('uq_storefront_return_request_open', 'storefront_return_request', ['order_id'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table('storefront_return_request')

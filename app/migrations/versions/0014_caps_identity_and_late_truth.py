"""Hints that two shoppers may be one person; a moment that is told again; caps of a place and of a while"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('offers_identity_hint',
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('first_seen_at', Instant(), nullable=False),
    sa.Column('last_seen_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'hash', 'shopper_id', name=op.f('pk_offers_identity_hint'))
    )
    with op.batch_alter_table('offers_identity_hint', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_identity_hint_last_seen_at'), ['last_seen_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_identity_hint_shopper_id'), ['shopper_id'], unique=False)

    with op.batch_alter_table('offers_weighed_moment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('telling', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('told', sa.String(length=40), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('taken_back', sa.String(length=40), nullable=False, server_default=''))
    with op.batch_alter_table('offers_decision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('telling', sa.Integer(), nullable=False, server_default='1'))
        batch_op.drop_constraint('uq_offers_decision_moment_id_campaign_id', type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_offers_decision_moment_id_campaign_id_telling'), ['moment_id', 'campaign_id', 'telling'])
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.add_column(sa.Column('telling', sa.Integer(), nullable=False, server_default='1'))
        batch_op.drop_constraint('uq_offers_coupon_moment_id', type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_offers_coupon_moment_id_telling'), ['moment_id', 'telling'])
        batch_op.create_index('ix_offers_coupon_here', ['campaign_id', 'place_id'], unique=False)
        batch_op.create_index('ix_offers_coupon_lately', ['campaign_id', 'issued_at'], unique=False)
    for table in ('offers_weighed_moment', 'offers_decision', 'offers_coupon'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in ('telling', 'told', 'taken_back') if table == 'offers_weighed_moment' else ('telling',):
                batch_op.alter_column(column, server_default=None)


TOLD_AGAIN = "telling > 1"


def downgrade() -> None:
    # What was weighed for a second time keeps its row under an id of its own: the older schema has room for one a moment.
    op.execute("UPDATE offers_coupon SET moment_id = 'again:' || substr(id, 1, 34) WHERE " + TOLD_AGAIN)
    op.execute("UPDATE offers_decision SET moment_id = 'again:' || substr(id, 1, 34) WHERE " + TOLD_AGAIN)
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.drop_index('ix_offers_coupon_lately')
        batch_op.drop_index('ix_offers_coupon_here')
        batch_op.drop_constraint(batch_op.f('uq_offers_coupon_moment_id_telling'), type_='unique')
        batch_op.create_unique_constraint('uq_offers_coupon_moment_id', ['moment_id'])
        batch_op.drop_column('telling')
    with op.batch_alter_table('offers_decision', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_offers_decision_moment_id_campaign_id_telling'), type_='unique')
        batch_op.create_unique_constraint('uq_offers_decision_moment_id_campaign_id', ['moment_id', 'campaign_id'])
        batch_op.drop_column('telling')
    with op.batch_alter_table('offers_weighed_moment', schema=None) as batch_op:
        batch_op.drop_column('taken_back')
        batch_op.drop_column('told')
        batch_op.drop_column('telling')
    op.drop_table('offers_identity_hint')

"""Loyalty: the programme, what counts for it, where each shopper stands, and what everybody's points are"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kernel.db import Instant

revision = '0055'
down_revision = '0054'
branch_labels = None
depends_on = None


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'storefront_loyalty_programme',
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.Column('applied_by', sa.String(length=80), nullable=False),
        sa.Column('applied_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('version', name=op.f('pk_storefront_loyalty_programme')),
    )
    op.create_table(
        'storefront_loyalty_fact',
        sa.Column('source_id', sa.String(length=40), nullable=False),
        sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('day', sa.String(length=10), nullable=False),
        sa.Column('place_id', sa.String(length=80), nullable=True),
        sa.Column('products', _json(), nullable=False),
        sa.Column('categories', _json(), nullable=False),
        sa.Column('pieces', sa.Integer(), nullable=False),
        sa.Column('spent_minor', sa.Integer(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('source_id', 'line_no', name=op.f('pk_storefront_loyalty_fact')),
    )
    op.create_index(op.f('ix_storefront_loyalty_fact_shopper_id'), 'storefront_loyalty_fact', ['shopper_id'])
    op.create_index(op.f('ix_storefront_loyalty_fact_at'), 'storefront_loyalty_fact', ['at'])
    op.create_table(
        'storefront_loyalty_standing',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('tier', sa.String(length=30), nullable=True),
        sa.Column('tier_until', Instant(), nullable=True),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('look_at', Instant(), nullable=True),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_storefront_loyalty_standing')),
    )
    op.create_index(op.f('ix_storefront_loyalty_standing_look_at'), 'storefront_loyalty_standing', ['look_at'])
    op.create_index(op.f('ix_storefront_loyalty_standing_changed_at'), 'storefront_loyalty_standing', ['changed_at'])
    op.create_table(
        'storefront_loyalty_reward',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('rule', sa.String(length=50), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('title', sa.String(length=60), nullable=False),
        sa.Column('used', sa.Integer(), nullable=False),
        sa.Column('points', sa.Integer(), nullable=False),
        sa.Column('amount_minor', sa.Integer(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('given_at', Instant(), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', 'rule', 'number', name=op.f('pk_storefront_loyalty_reward')),
        sa.UniqueConstraint('id', name=op.f('uq_storefront_loyalty_reward_id')),
    )
    op.create_index(op.f('ix_storefront_loyalty_reward_given_at'), 'storefront_loyalty_reward', ['given_at'])
    op.create_table(
        'storefront_loyalty_choice',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('counted', sa.Boolean(), nullable=False),
        sa.Column('at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_loyalty_choice')),
    )
    op.create_index('ix_storefront_loyalty_choice_shopper', 'storefront_loyalty_choice', ['shopper_id', 'at'])
    op.create_table(
        'storefront_points',
        sa.Column('shopper_id', sa.String(length=40), nullable=False),
        sa.Column('points', sa.Integer(), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_storefront_points')),
    )
    op.create_index(op.f('ix_storefront_points_changed_at'), 'storefront_points', ['changed_at'])
    op.execute(
        "INSERT INTO storefront_points (shopper_id, points, changed_at) SELECT shopper_id, sum(points), max(at) FROM storefront_points_entry "
        "WHERE account = 'shopper' AND shopper_id <> 'erased' GROUP BY shopper_id"
    )
    with op.batch_alter_table('storefront_points_entry') as batch:
        batch.add_column(sa.Column('cause', sa.String(length=40), nullable=True))
    op.execute('UPDATE storefront_points_entry SET cause = order_id')
    with op.batch_alter_table('storefront_points_entry') as batch:
        batch.alter_column('cause', existing_type=sa.String(length=40), nullable=False)
        batch.alter_column('order_id', existing_type=sa.String(length=40), nullable=True)
        batch.create_index(op.f('ix_storefront_points_entry_cause'), ['cause'])
    with op.batch_alter_table('storefront_order') as batch:
        batch.add_column(sa.Column('points_bp', sa.Integer(), server_default='10000', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('storefront_order') as batch:
        batch.drop_column('points_bp')
    op.execute('UPDATE storefront_points_entry SET order_id = cause WHERE order_id IS NULL')
    with op.batch_alter_table('storefront_points_entry') as batch:
        batch.drop_index(op.f('ix_storefront_points_entry_cause'))
        batch.alter_column('order_id', existing_type=sa.String(length=40), nullable=False)
        batch.drop_column('cause')
    for name in ('storefront_points', 'storefront_loyalty_choice', 'storefront_loyalty_reward', 'storefront_loyalty_standing', 'storefront_loyalty_fact', 'storefront_loyalty_programme'):
        op.drop_table(name)

"""The first schema"""

import sqlalchemy as sa
from alembic import op
from app.kernel.db import Instant
from app.kernel.db import Json

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('analytics_campaign_total',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('redemptions', sa.Integer(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('campaign_id', 'currency', name=op.f('pk_analytics_campaign_total'))
    )
    op.create_table('analytics_funnel_row',
    sa.Column('moment_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=80), nullable=True),
    sa.Column('noted_at', Instant(), nullable=False),
    sa.Column('detected_at', Instant(), nullable=True),
    sa.Column('offered_at', Instant(), nullable=True),
    sa.Column('withheld_at', Instant(), nullable=True),
    sa.Column('pushed_at', Instant(), nullable=True),
    sa.Column('suppressed_at', Instant(), nullable=True),
    sa.Column('seen_at', Instant(), nullable=True),
    sa.Column('ordered_at', Instant(), nullable=True),
    sa.Column('redeemed_at', Instant(), nullable=True),
    sa.Column('released_at', Instant(), nullable=True),
    sa.Column('refunded_at', Instant(), nullable=True),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('revenue_currency', sa.String(length=3), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('discount_currency', sa.String(length=3), nullable=False),
    sa.PrimaryKeyConstraint('moment_id', 'campaign_id', name=op.f('pk_analytics_funnel_row'))
    )
    with op.batch_alter_table('analytics_funnel_row', schema=None) as batch_op:
        batch_op.create_index('ix_analytics_funnel_row_campaign', ['campaign_id', 'noted_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_analytics_funnel_row_noted_at'), ['noted_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_analytics_funnel_row_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('geofences_fence_version',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_fence_version'))
    )
    op.create_table('geofences_fix_log',
    sa.Column('partition', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('fixes', sa.Integer(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('received_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('partition', 'position', name=op.f('pk_geofences_fix_log')),
    sa.UniqueConstraint('device_id', 'digest', name=op.f('uq_geofences_fix_log_device_id_digest'))
    )
    with op.batch_alter_table('geofences_fix_log', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_fix_log_received_at'), ['received_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_fix_log_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('geofences_log_head',
    sa.Column('partition', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('head', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('partition', name=op.f('pk_geofences_log_head'))
    )
    op.create_table('geofences_log_partition',
    sa.Column('partition', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('watermark_at', Instant(), nullable=True),
    sa.Column('owner', sa.String(length=40), nullable=True),
    sa.Column('lease_until', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('partition', name=op.f('pk_geofences_log_partition'))
    )
    op.create_table('geofences_moment',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('fence_id', sa.String(length=40), nullable=False),
    sa.Column('visit_id', sa.String(length=40), nullable=False),
    sa.Column('occurred_at', Instant(), nullable=False),
    sa.Column('detected_at', Instant(), nullable=False),
    sa.Column('dwell_s', sa.Integer(), nullable=False),
    sa.Column('nth_visit', sa.Integer(), nullable=False),
    sa.Column('confidence', sa.Float(precision=53), nullable=False),
    sa.Column('trust', sa.String(length=20), nullable=False),
    sa.Column('doubts', Json, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_moment'))
    )
    with op.batch_alter_table('geofences_moment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_moment_detected_at'), ['detected_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_moment_place_id'), ['place_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_moment_shopper_id'), ['shopper_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_moment_visit_id'), ['visit_id'], unique=False)

    op.create_table('geofences_place',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('chain', sa.String(length=200), nullable=True),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('tags', Json, nullable=False),
    sa.Column('lat_deg', sa.Float(precision=53), nullable=False),
    sa.Column('lon_deg', sa.Float(precision=53), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_place'))
    )
    with op.batch_alter_table('geofences_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_place_chain'), ['chain'], unique=False)

    op.create_table('geofences_track_state',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('wake_at', Instant(), nullable=True),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', 'device_id', name=op.f('pk_geofences_track_state'))
    )
    with op.batch_alter_table('geofences_track_state', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_track_state_changed_at'), ['changed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_track_state_partition'), ['partition'], unique=False)

    op.create_table('geofences_visit',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('fence_id', sa.String(length=40), nullable=False),
    sa.Column('started_at', Instant(), nullable=False),
    sa.Column('ended_at', Instant(), nullable=True),
    sa.Column('seen_at', Instant(), nullable=False),
    sa.Column('dwell_s', sa.Integer(), nullable=False),
    sa.Column('nth_visit', sa.Integer(), nullable=False),
    sa.Column('confidence', sa.Float(precision=53), nullable=False),
    sa.Column('trust', sa.String(length=20), nullable=False),
    sa.Column('doubts', Json, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_visit'))
    )
    with op.batch_alter_table('geofences_visit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_visit_place_id'), ['place_id'], unique=False)
        batch_op.create_index('ix_geofences_visit_shopper_place', ['shopper_id', 'place_id', 'started_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_geofences_visit_started_at'), ['started_at'], unique=False)

    op.create_table('kernel_idempotency',
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('request_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('media_type', sa.String(length=80), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('lease_until', Instant(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_kernel_idempotency'))
    )
    with op.batch_alter_table('kernel_idempotency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_kernel_idempotency_created_at'), ['created_at'], unique=False)

    op.create_table('kernel_inbox',
    sa.Column('consumer', sa.String(length=80), nullable=False),
    sa.Column('event_id', sa.String(length=200), nullable=False),
    sa.Column('handled_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'event_id', name=op.f('pk_kernel_inbox'))
    )
    with op.batch_alter_table('kernel_inbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_kernel_inbox_handled_at'), ['handled_at'], unique=False)

    op.create_table('kernel_outbox_event',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('type', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('payload', Json, nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kernel_outbox_event'))
    )
    with op.batch_alter_table('kernel_outbox_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_kernel_outbox_event_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_kernel_outbox_event_subject'), ['subject'], unique=False)

    op.create_table('notifications_delivery',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('message_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('push_token_id', sa.String(length=40), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reasons', Json, nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', Instant(), nullable=False),
    sa.Column('claim', sa.String(length=40), nullable=True),
    sa.Column('lease_until', Instant(), nullable=True),
    sa.Column('provider_message_id', sa.String(length=200), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('sent_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_delivery')),
    sa.UniqueConstraint('message_id', 'channel', 'device_id', name=op.f('uq_notifications_delivery_message_id_channel_device_id'))
    )
    with op.batch_alter_table('notifications_delivery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_delivery_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_notifications_delivery_due', ['state', 'next_attempt_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_delivery_push_token_id'), ['push_token_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_delivery_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('notifications_message',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reasons', Json, nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=True),
    sa.Column('campaign_id', sa.String(length=40), nullable=True),
    sa.Column('moment_id', sa.String(length=40), nullable=True),
    sa.Column('visit_id', sa.String(length=80), nullable=True),
    sa.Column('place_id', sa.String(length=80), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('link', sa.Text(), nullable=False),
    sa.Column('collapse_key', sa.String(length=64), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('seen_at', Instant(), nullable=True),
    sa.Column('clicked_at', Instant(), nullable=True),
    sa.Column('dismissed_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_notifications_message')),
    sa.UniqueConstraint('id', name=op.f('uq_notifications_message_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('notifications_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_message_coupon_id'), ['coupon_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_message_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_notifications_message_inbox', ['shopper_id', 'position'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_message_moment_id'), ['moment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_message_visit_id'), ['visit_id'], unique=False)

    op.create_table('notifications_message_event',
    sa.Column('message_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('message_id', 'kind', name=op.f('pk_notifications_message_event'))
    )
    with op.batch_alter_table('notifications_message_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_message_event_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_message_event_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('notifications_push_token',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('registered_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_push_token')),
    sa.UniqueConstraint('device_id', name=op.f('uq_notifications_push_token_device_id')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_notifications_push_token_token_hash'))
    )
    with op.batch_alter_table('notifications_push_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_push_token_registered_at'), ['registered_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_push_token_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('notifications_recipient',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=True),
    sa.Column('weighed', sa.Integer(), nullable=False),
    sa.Column('last_weighed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_notifications_recipient'))
    )
    op.create_table('offers_campaign',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_campaign'))
    )
    with op.batch_alter_table('offers_campaign', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_campaign_state'), ['state'], unique=False)

    op.create_table('offers_campaign_version',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('definition', sa.Text(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('campaign_id', 'version', name=op.f('pk_offers_campaign_version'))
    )
    op.create_table('offers_counter',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('issued', sa.BigInteger(), nullable=False),
    sa.Column('revoked', sa.BigInteger(), nullable=False),
    sa.Column('redeemed', sa.BigInteger(), nullable=False),
    sa.Column('budget_reserved_minor', sa.BigInteger(), nullable=False),
    sa.Column('budget_spent_minor', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('budget_reserved_minor >= 0 AND budget_spent_minor >= 0', name=op.f('ck_offers_counter_money')),
    sa.CheckConstraint('issued >= revoked AND revoked >= 0 AND redeemed >= 0', name=op.f('ck_offers_counter_counts')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_offers_counter'))
    )
    op.create_table('offers_coupon',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('code_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_version', sa.Integer(), nullable=False),
    sa.Column('decision_id', sa.String(length=40), nullable=False),
    sa.Column('moment_id', sa.String(length=40), nullable=False),
    sa.Column('visit_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=80), nullable=False),
    sa.Column('place_ids', Json, nullable=False),
    sa.Column('caveats', sa.Text(), nullable=False),
    sa.Column('trust', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('benefit_text', sa.String(length=200), nullable=False),
    sa.Column('terms_text', sa.Text(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('bound_minor', sa.BigInteger(), nullable=True),
    sa.Column('issued_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.Column('retracted_at', Instant(), nullable=True),
    sa.Column('order_id', sa.String(length=40), nullable=True),
    sa.Column('reserved_until', Instant(), nullable=True),
    sa.Column('redemption_id', sa.String(length=40), nullable=True),
    sa.CheckConstraint("state IN ('issued','reserved','redeemed','expired','revoked')", name=op.f('ck_offers_coupon_state')),
    sa.CheckConstraint('bound_minor IS NULL OR bound_minor >= 0', name=op.f('ck_offers_coupon_bound')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_coupon')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_offers_coupon_code_hash')),
    sa.UniqueConstraint('moment_id', name=op.f('uq_offers_coupon_moment_id'))
    )
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_coupon_decision_id'), ['decision_id'], unique=False)
        batch_op.create_index('ix_offers_coupon_due', ['state', 'expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_coupon_order_id'), ['order_id'], unique=False)
        batch_op.create_index('ix_offers_coupon_wallet', ['shopper_id', 'state'], unique=False)
        batch_op.create_index('ix_offers_coupon_window', ['campaign_id', 'shopper_id', 'issued_at'], unique=False)

    op.create_table('offers_decision',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('moment_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_version', sa.Integer(), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=80), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('record', sa.Text(), nullable=False),
    sa.Column('result', sa.Text(), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=True),
    sa.Column('decided_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_decision')),
    sa.UniqueConstraint('moment_id', 'campaign_id', name=op.f('uq_offers_decision_moment_id_campaign_id'))
    )
    with op.batch_alter_table('offers_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_decision_campaign_id'), ['campaign_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_decision_decided_at'), ['decided_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_decision_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('offers_fewer_wish',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('asked_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', 'campaign_id', name=op.f('pk_offers_fewer_wish'))
    )
    op.create_table('offers_hold',
    sa.Column('order_id', sa.String(length=80), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('quote', sa.Text(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('place_id', sa.String(length=80), nullable=True),
    sa.Column('reserved_at', Instant(), nullable=False),
    sa.Column('closed_at', Instant(), nullable=True),
    sa.Column('closed_why', sa.String(length=80), nullable=True),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_offers_hold'))
    )
    with op.batch_alter_table('offers_hold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_hold_coupon_id'), ['coupon_id'], unique=False)

    op.create_table('offers_ledger_entry',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=10), nullable=False),
    sa.Column('to_state', sa.String(length=10), nullable=False),
    sa.Column('reserved_delta_minor', sa.BigInteger(), nullable=False),
    sa.Column('spent_delta_minor', sa.BigInteger(), nullable=False),
    sa.Column('cause', sa.String(length=80), nullable=True),
    sa.Column('why', sa.String(length=80), nullable=True),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_ledger_entry'))
    )
    with op.batch_alter_table('offers_ledger_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_ledger_entry_campaign_id'), ['campaign_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_ledger_entry_coupon_id'), ['coupon_id'], unique=False)

    op.create_table('offers_redemption',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('order_id', sa.String(length=80), nullable=True),
    sa.Column('place_id', sa.String(length=80), nullable=True),
    sa.Column('clerk_id', sa.String(length=80), nullable=True),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('redeemed_at', Instant(), nullable=False),
    sa.Column('undone_at', Instant(), nullable=True),
    sa.Column('undone_why', sa.String(length=80), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers_redemption')),
    sa.UniqueConstraint('order_id', name=op.f('uq_offers_redemption_order_id'))
    )
    with op.batch_alter_table('offers_redemption', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_redemption_coupon_id'), ['coupon_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_redemption_redeemed_at'), ['redeemed_at'], unique=False)

    op.create_table('offers_tally',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('issued', sa.Integer(), nullable=False),
    sa.Column('revoked', sa.Integer(), nullable=False),
    sa.Column('touched_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('campaign_id', 'shopper_id', name=op.f('pk_offers_tally'))
    )
    with op.batch_alter_table('offers_tally', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_tally_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('offers_trigger',
    sa.Column('moment_kind', sa.String(length=40), nullable=False),
    sa.Column('selector', sa.String(length=220), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('moment_kind', 'selector', 'campaign_id', name=op.f('pk_offers_trigger'))
    )
    with op.batch_alter_table('offers_trigger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_trigger_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('offers_weighed_moment',
    sa.Column('moment_id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('decided_at', Instant(), nullable=True),
    sa.Column('retracted_at', Instant(), nullable=True),
    sa.Column('noted_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('moment_id', name=op.f('pk_offers_weighed_moment'))
    )
    with op.batch_alter_table('offers_weighed_moment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_weighed_moment_noted_at'), ['noted_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_weighed_moment_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('privacy_consent',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.String(length=40), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('granted', sa.Boolean(), nullable=False),
    sa.Column('notice_version', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_privacy_consent')),
    sa.UniqueConstraint('shopper_id', 'purpose', 'sequence', name=op.f('uq_privacy_consent_shopper_id_purpose_sequence'))
    )
    op.create_table('privacy_consent_state',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.String(length=40), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('granted', sa.Boolean(), nullable=False),
    sa.Column('notice_version', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', 'purpose', name=op.f('pk_privacy_consent_state'))
    )
    op.create_table('privacy_erasure',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('subject_hash', sa.String(length=64), nullable=False),
    sa.Column('erased', Json, nullable=False),
    sa.Column('kept', Json, nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_privacy_erasure'))
    )
    with op.batch_alter_table('privacy_erasure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_privacy_erasure_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_privacy_erasure_subject_hash'), ['subject_hash'], unique=False)

    op.create_table('security_api_key',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('shown', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('scopes', Json, nullable=False),
    sa.Column('made_by', sa.String(length=40), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('revoked_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_api_key')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_security_api_key_key_hash'))
    )
    op.create_table('security_device',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('platform', sa.String(length=20), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('tracking_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('last_seen_at', Instant(), nullable=False),
    sa.Column('revoked_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_device')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_security_device_token_hash')),
    sa.UniqueConstraint('tracking_hash', name=op.f('uq_security_device_tracking_hash'))
    )
    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_device_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('security_limit',
    sa.Column('rule', sa.String(length=40), nullable=False),
    sa.Column('identity_hash', sa.String(length=64), nullable=False),
    sa.Column('times_ms', Json, nullable=False),
    sa.Column('updated_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('rule', 'identity_hash', name=op.f('pk_security_limit'))
    )
    with op.batch_alter_table('security_limit', schema=None) as batch_op:
        batch_op.create_index('ix_security_limit_updated_at', ['updated_at'], unique=False)

    op.create_table('security_login_link',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('person_id', sa.String(length=40), nullable=True),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('used_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_login_link')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_security_login_link_token_hash'))
    )
    with op.batch_alter_table('security_login_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_login_link_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_login_link_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_login_link_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('security_person',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('place_ids', Json, nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('disabled_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_person')),
    sa.UniqueConstraint('email', name=op.f('uq_security_person_email')),
    sa.UniqueConstraint('shopper_id', name=op.f('uq_security_person_shopper_id'))
    )
    op.create_table('security_session',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=True),
    sa.Column('person_id', sa.String(length=40), nullable=True),
    sa.Column('device_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('revoked_at', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_security_session_token_hash'))
    )
    with op.batch_alter_table('security_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_session_device_id'), ['device_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_session_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_session_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_session_shopper_id'), ['shopper_id'], unique=False)

    op.create_table('security_shopper',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('joined_into_shopper_id', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_shopper'))
    )
    with op.batch_alter_table('security_shopper', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_shopper_joined_into_shopper_id'), ['joined_into_shopper_id'], unique=False)

    op.create_table('storefront_cart',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('coupon_id', sa.String(length=40), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_cart')),
    sa.UniqueConstraint('shopper_id', name=op.f('uq_storefront_cart_shopper_id'))
    )
    with op.batch_alter_table('storefront_cart', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_cart_changed_at'), ['changed_at'], unique=False)

    op.create_table('storefront_order',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('subtotal_minor', sa.Integer(), nullable=False),
    sa.Column('discount_minor', sa.Integer(), nullable=False),
    sa.Column('total_minor', sa.Integer(), nullable=False),
    sa.Column('coupon_id', sa.String(length=40), nullable=True),
    sa.Column('place_id', sa.String(length=60), nullable=True),
    sa.Column('payment_id', sa.String(length=80), nullable=True),
    sa.Column('decline', sa.String(length=40), nullable=True),
    sa.Column('close_reason', sa.String(length=40), nullable=True),
    sa.Column('confirmations', sa.Integer(), nullable=False),
    sa.Column('refund_state', sa.String(length=10), nullable=False),
    sa.Column('refunded_minor', sa.Integer(), nullable=False),
    sa.Column('restock', sa.Boolean(), nullable=False),
    sa.Column('placed_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('paid_at', Instant(), nullable=True),
    sa.Column('closed_at', Instant(), nullable=True),
    sa.Column('next_look_at', Instant(), nullable=True),
    sa.CheckConstraint('total_minor = subtotal_minor - discount_minor AND total_minor >= 0 AND discount_minor >= 0', name=op.f('ck_storefront_order_sums_add_up')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_order')),
    sa.UniqueConstraint('payment_id', name=op.f('uq_storefront_order_payment_id'))
    )
    with op.batch_alter_table('storefront_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_order_next_look_at'), ['next_look_at'], unique=False)
        batch_op.create_index('ix_storefront_order_placed', ['placed_at'], unique=False)
        batch_op.create_index('ix_storefront_order_shopper', ['shopper_id', 'placed_at'], unique=False)

    op.create_table('storefront_product',
    sa.Column('id', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('category', sa.String(length=80), nullable=False),
    sa.Column('image', sa.String(length=200), nullable=False),
    sa.Column('price_minor', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('stock_units', sa.Integer(), nullable=False),
    sa.Column('on_sale', sa.Boolean(), nullable=False),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.CheckConstraint('price_minor >= 0', name=op.f('ck_storefront_product_price_not_negative')),
    sa.CheckConstraint('stock_units >= 0', name=op.f('ck_storefront_product_stock_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_product'))
    )
    with op.batch_alter_table('storefront_product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_product_category'), ['category'], unique=False)

    op.create_table('geofences_fence',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('place_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('geometry', Json, nullable=False),
    sa.Column('radius_m', sa.Float(precision=53), nullable=True),
    sa.Column('changed_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['place_id'], ['geofences_place.id'], name=op.f('fk_geofences_fence_place_id_geofences_place'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_geofences_fence'))
    )
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_geofences_fence_place_id'), ['place_id'], unique=False)

    op.create_table('kernel_outbox_delivery',
    sa.Column('event_id', sa.String(length=40), nullable=False),
    sa.Column('consumer', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', Instant(), nullable=False),
    sa.Column('lease_until', Instant(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['kernel_outbox_event.id'], name=op.f('fk_kernel_outbox_delivery_event_id_kernel_outbox_event'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('event_id', 'consumer', name=op.f('pk_kernel_outbox_delivery'))
    )
    with op.batch_alter_table('kernel_outbox_delivery', schema=None) as batch_op:
        batch_op.create_index('ix_kernel_outbox_delivery_due', ['state', 'next_attempt_at'], unique=False)

    op.create_table('storefront_cart_line',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('cart_id', sa.String(length=40), nullable=False),
    sa.Column('product_id', sa.String(length=60), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('seen_unit_minor', sa.Integer(), nullable=False),
    sa.Column('added_at', Instant(), nullable=False),
    sa.CheckConstraint('quantity BETWEEN 1 AND 99', name=op.f('ck_storefront_cart_line_quantity_in_range')),
    sa.ForeignKeyConstraint(['cart_id'], ['storefront_cart.id'], name=op.f('fk_storefront_cart_line_cart_id_storefront_cart'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storefront_cart_line')),
    sa.UniqueConstraint('cart_id', 'product_id', name=op.f('uq_storefront_cart_line_cart_id_product_id'))
    )
    with op.batch_alter_table('storefront_cart_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_cart_line_cart_id'), ['cart_id'], unique=False)

    op.create_table('storefront_order_line',
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('line_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('product_id', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('unit_minor', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('discount_minor', sa.Integer(), nullable=False),
    sa.Column('total_minor', sa.Integer(), nullable=False),
    sa.CheckConstraint('total_minor = unit_minor * quantity - discount_minor AND total_minor >= 0', name=op.f('ck_storefront_order_line_line_adds_up')),
    sa.ForeignKeyConstraint(['order_id'], ['storefront_order.id'], name=op.f('fk_storefront_order_line_order_id_storefront_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'line_no', name=op.f('pk_storefront_order_line'))
    )
    op.create_table('storefront_product_word',
    sa.Column('word', sa.String(length=64).with_variant(sa.String(length=64, collation='C'), 'postgresql'), nullable=False),
    sa.Column('product_id', sa.String(length=60), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_product_word_product_id_storefront_product'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('word', 'product_id', name=op.f('pk_storefront_product_word'))
    )
    with op.batch_alter_table('storefront_product_word', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_storefront_product_word_product_id'), ['product_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('storefront_product_word', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_storefront_product_word_product_id'))

    op.drop_table('storefront_product_word')
    op.drop_table('storefront_order_line')
    with op.batch_alter_table('storefront_cart_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_storefront_cart_line_cart_id'))

    op.drop_table('storefront_cart_line')
    with op.batch_alter_table('kernel_outbox_delivery', schema=None) as batch_op:
        batch_op.drop_index('ix_kernel_outbox_delivery_due')

    op.drop_table('kernel_outbox_delivery')
    with op.batch_alter_table('geofences_fence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_fence_place_id'))

    op.drop_table('geofences_fence')
    with op.batch_alter_table('storefront_product', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_storefront_product_category'))

    op.drop_table('storefront_product')
    with op.batch_alter_table('storefront_order', schema=None) as batch_op:
        batch_op.drop_index('ix_storefront_order_shopper')
        batch_op.drop_index('ix_storefront_order_placed')
        batch_op.drop_index(batch_op.f('ix_storefront_order_next_look_at'))

    op.drop_table('storefront_order')
    with op.batch_alter_table('storefront_cart', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_storefront_cart_changed_at'))

    op.drop_table('storefront_cart')
    with op.batch_alter_table('security_shopper', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_shopper_joined_into_shopper_id'))

    op.drop_table('security_shopper')
    with op.batch_alter_table('security_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_session_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_security_session_person_id'))
        batch_op.drop_index(batch_op.f('ix_security_session_expires_at'))
        batch_op.drop_index(batch_op.f('ix_security_session_device_id'))

    op.drop_table('security_session')
    op.drop_table('security_person')
    with op.batch_alter_table('security_login_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_login_link_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_security_login_link_person_id'))
        batch_op.drop_index(batch_op.f('ix_security_login_link_expires_at'))

    op.drop_table('security_login_link')
    with op.batch_alter_table('security_limit', schema=None) as batch_op:
        batch_op.drop_index('ix_security_limit_updated_at')

    op.drop_table('security_limit')
    with op.batch_alter_table('security_device', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_device_shopper_id'))

    op.drop_table('security_device')
    op.drop_table('security_api_key')
    with op.batch_alter_table('privacy_erasure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_privacy_erasure_subject_hash'))
        batch_op.drop_index(batch_op.f('ix_privacy_erasure_at'))

    op.drop_table('privacy_erasure')
    op.drop_table('privacy_consent_state')
    op.drop_table('privacy_consent')
    with op.batch_alter_table('offers_weighed_moment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_weighed_moment_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_offers_weighed_moment_noted_at'))

    op.drop_table('offers_weighed_moment')
    with op.batch_alter_table('offers_trigger', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_trigger_campaign_id'))

    op.drop_table('offers_trigger')
    with op.batch_alter_table('offers_tally', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_tally_shopper_id'))

    op.drop_table('offers_tally')
    with op.batch_alter_table('offers_redemption', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_redemption_redeemed_at'))
        batch_op.drop_index(batch_op.f('ix_offers_redemption_coupon_id'))

    op.drop_table('offers_redemption')
    with op.batch_alter_table('offers_ledger_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_ledger_entry_coupon_id'))
        batch_op.drop_index(batch_op.f('ix_offers_ledger_entry_campaign_id'))

    op.drop_table('offers_ledger_entry')
    with op.batch_alter_table('offers_hold', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_hold_coupon_id'))

    op.drop_table('offers_hold')
    op.drop_table('offers_fewer_wish')
    with op.batch_alter_table('offers_decision', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_decision_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_offers_decision_decided_at'))
        batch_op.drop_index(batch_op.f('ix_offers_decision_campaign_id'))

    op.drop_table('offers_decision')
    with op.batch_alter_table('offers_coupon', schema=None) as batch_op:
        batch_op.drop_index('ix_offers_coupon_window')
        batch_op.drop_index('ix_offers_coupon_wallet')
        batch_op.drop_index(batch_op.f('ix_offers_coupon_order_id'))
        batch_op.drop_index('ix_offers_coupon_due')
        batch_op.drop_index(batch_op.f('ix_offers_coupon_decision_id'))

    op.drop_table('offers_coupon')
    op.drop_table('offers_counter')
    op.drop_table('offers_campaign_version')
    with op.batch_alter_table('offers_campaign', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_campaign_state'))

    op.drop_table('offers_campaign')
    op.drop_table('notifications_recipient')
    with op.batch_alter_table('notifications_push_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notifications_push_token_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_notifications_push_token_registered_at'))

    op.drop_table('notifications_push_token')
    with op.batch_alter_table('notifications_message_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notifications_message_event_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_notifications_message_event_at'))

    op.drop_table('notifications_message_event')
    with op.batch_alter_table('notifications_message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notifications_message_visit_id'))
        batch_op.drop_index(batch_op.f('ix_notifications_message_moment_id'))
        batch_op.drop_index('ix_notifications_message_inbox')
        batch_op.drop_index(batch_op.f('ix_notifications_message_created_at'))
        batch_op.drop_index(batch_op.f('ix_notifications_message_coupon_id'))

    op.drop_table('notifications_message')
    with op.batch_alter_table('notifications_delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notifications_delivery_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_notifications_delivery_push_token_id'))
        batch_op.drop_index('ix_notifications_delivery_due')
        batch_op.drop_index(batch_op.f('ix_notifications_delivery_created_at'))

    op.drop_table('notifications_delivery')
    with op.batch_alter_table('kernel_outbox_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_kernel_outbox_event_subject'))
        batch_op.drop_index(batch_op.f('ix_kernel_outbox_event_created_at'))

    op.drop_table('kernel_outbox_event')
    with op.batch_alter_table('kernel_inbox', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_kernel_inbox_handled_at'))

    op.drop_table('kernel_inbox')
    with op.batch_alter_table('kernel_idempotency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_kernel_idempotency_created_at'))

    op.drop_table('kernel_idempotency')
    with op.batch_alter_table('geofences_visit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_visit_started_at'))
        batch_op.drop_index('ix_geofences_visit_shopper_place')
        batch_op.drop_index(batch_op.f('ix_geofences_visit_place_id'))

    op.drop_table('geofences_visit')
    with op.batch_alter_table('geofences_track_state', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_track_state_partition'))
        batch_op.drop_index(batch_op.f('ix_geofences_track_state_changed_at'))

    op.drop_table('geofences_track_state')
    with op.batch_alter_table('geofences_place', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_place_chain'))

    op.drop_table('geofences_place')
    with op.batch_alter_table('geofences_moment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_moment_visit_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_moment_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_moment_place_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_moment_detected_at'))

    op.drop_table('geofences_moment')
    op.drop_table('geofences_log_partition')
    op.drop_table('geofences_log_head')
    with op.batch_alter_table('geofences_fix_log', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_geofences_fix_log_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_geofences_fix_log_received_at'))

    op.drop_table('geofences_fix_log')
    op.drop_table('geofences_fence_version')
    with op.batch_alter_table('analytics_funnel_row', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_analytics_funnel_row_shopper_id'))
        batch_op.drop_index(batch_op.f('ix_analytics_funnel_row_noted_at'))
        batch_op.drop_index('ix_analytics_funnel_row_campaign')

    op.drop_table('analytics_funnel_row')
    op.drop_table('analytics_campaign_total')

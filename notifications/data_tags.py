"""What kind of data each column of notifications holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_usage": {
        "system.operations": "day unit units",
    },
    "notifications_usage_report": {
        "system.operations": "day sha256 reported_at",
    },
    "notifications_delivery": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id push_token_id",
        "user.behavior": "sent_at delivered_at read_at complained_at",
        "system.operations": (
            "id message_id channel state reasons attempts next_attempt_at claim lease_until provider_message_id created_at "
            "expires_at kept_from mail_status"
        ),
    },
    "notifications_message": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "sealed",
        "user.location.precise": "moment_id visit_id place_id",
        "user.location.imprecise": "weighed",
        "user.behavior": "seen_at clicked_at dismissed_at said_at",
        "system.operations": "position id kind state reasons coupon_id campaign_id collapse_key created_at expires_at value_minor held_until kept_from",
    },
    "notifications_message_event": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "kind at",
        "system.operations": "message_id",
    },
    "notifications_preference": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.name": "called_sealed",
        "user.privacy_preferences": "language ways",
        "system.operations": "set_at",
    },
    "notifications_push_token": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id token_hash sealed",
        "user.device": "kind",
        "system.operations": "id registered_at",
    },
    "notifications_recipient": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.imprecise": "timezone",
        "user.behavior": "weighed last_weighed_at",
    },
}

USES: dict[str, str] = {
    "marketing.communications": (
        "addresses announce answers cancel contents deliveries dispatch ending facade fallback inbound.returned inbound.statuses outgoing queueing recording rehearsing repository second_look stream telling tide tokens ways wish_news"
    ),
    "marketing.advertising.frequency_capping": "repository second_look ways weighing",
    "essential.service": "metering.reporting order_news preferences",
    "essential.service.notifications": "order_news queueing",
    "essential.service.security": "checking",
    "essential.legal_obligation": "cancel privacy",
}

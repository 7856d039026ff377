"""What kind of data each column of notifications holds: a key of the Fideslang taxonomy for every one of them.

Owns the tags alone, as plain data: table -> category -> columns. app/privacy/tags.py reads them; tests/architecture fails on a column
without a tag. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_delivery": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id push_token_id",
        "user.behavior": "sent_at",
        "system.operations": (
            "id message_id channel state reasons attempts next_attempt_at claim lease_until provider_message_id created_at "
            "expires_at"
        ),
    },
    "notifications_message": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "title body link",
        "user.location.precise": "moment_id visit_id place_id",
        "user.behavior": "seen_at clicked_at dismissed_at",
        "system.operations": "position id kind state reasons coupon_id campaign_id collapse_key created_at expires_at",
    },
    "notifications_message_event": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "kind at",
        "system.operations": "message_id",
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

"""What kind of data each column of webhooks holds, and what its modules read them for; see notifications/data_tags.py."""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_webhook_endpoint": {
        "user.authorization.credentials": "sealed sealed_before",
        "system.operations": (
            "id url description types state reason off_at off_after before_until failures failing_since delivered_at created_at created_by"
        ),
    },
    "notifications_webhook_event": {
        "user.unique_id.pseudonymous": "subject shopper_id",
        "user.behavior": "data",
        "system.operations": "position id type created_at",
    },
    "notifications_webhook_delivery": {
        "user.unique_id.pseudonymous": "subject shopper_id",
        "system.operations": "endpoint_id event_id type state tries next_try_at claim lease_until status reason took_ms created_at tried_at",
    },
}

USES: dict[str, str] = {
    "essential.service.operations": "recording dispatch registry replaying",
    "essential.legal_obligation": "privacy",
}

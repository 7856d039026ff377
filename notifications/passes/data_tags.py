"""What kind of data the column of passes in wallets hold, and what the modules read them for; see notifications/data_tags.py."""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_pass_copy": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_hash address_hash sealed",
        "user.device": "wallet",
        "system.operations": (
            "id coupon_id digest changed_at stamp look_at state attempts next_attempt_at claim lease_until reason told_at registered_at ends_at"
        ),
    },
}

USES: dict[str, str] = {
    "essential.service": "changes dispatch keeping",
    "essential.legal_obligation": "privacy",
}

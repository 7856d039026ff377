"""What kind of data each column of the kernel and app/privacy holds: a key of the Fideslang taxonomy for every one of them.

Owns the tags alone, as plain data: table -> category -> columns. app/privacy/tags.py reads them; tests/architecture fails on a column
without a tag. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "kernel_idempotency": {
        "user.content.private": "body",
        "user.authorization.credentials": "key_hash",
        "system.operations": "request_hash status media_type attempt lease_until claimed_by created_at",
    },
    "kernel_inbox": {
        "system.operations": "consumer event_id handled_at",
    },
    "kernel_outbox_delivery": {
        "system.operations": "event_id consumer state attempts next_attempt_at lease_until last_error",
    },
    "kernel_outbox_event": {
        "user.unique_id.pseudonymous": "subject",
        "user.behavior": "payload",
        "system.operations": "id type created_at",
    },
    "privacy_consent": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.privacy_preferences": "purpose granted notice_version source at",
        "system.operations": "id sequence",
    },
    "privacy_consent_head": {
        "system.operations": "id stamp",
    },
    "privacy_consent_state": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.privacy_preferences": "purpose granted notice_version source at",
        "system.operations": "sequence",
    },
    "privacy_erasure": {
        "user.unique_id.pseudonymous": "subject_hash",
        "system.operations": "id erased kept at",
    },
}

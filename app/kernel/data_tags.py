"""What kind of data each column of the kernel's tables holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. Must not import anything.
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
    "kernel_lease": {
        "system.operations": "name owner epoch until",
    },
    "kernel_outbox_delivery": {
        "system.operations": "event_id consumer state attempts next_attempt_at lease_until last_error",
    },
    "kernel_outbox_event": {
        "user.unique_id.pseudonymous": "subject",
        "user.behavior": "payload",
        "system.operations": "id type created_at",
    },
    "kernel_trace_step": {
        "system.operations": "step trace created_at",
    },
}

USES: dict[str, str] = {
    "essential.service.operations": "idempotency outbox relay",
}

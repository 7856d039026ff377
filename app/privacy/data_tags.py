"""What kind of data each column of app/privacy holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "privacy_consent": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.privacy_preferences": "purpose granted notice_version source at record",
        "system.operations": "id sequence position hash",
    },
    "privacy_consent_head": {
        "system.operations": "id stamp",
    },
    "privacy_consent_state": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.privacy_preferences": "purpose granted notice_version source at",
        "system.operations": "sequence",
    },
    "privacy_shred": {
        "user.unique_id.pseudonymous": "owner",
        "system.operations": "asked_at",
    },
    "privacy_permission": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.privacy_preferences": "access precise at",
        "system.operations": "id",
    },
    "privacy_standing": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "coarse_device_ids",
        "user.privacy_preferences": "access",
        "user.demographic.age_range": "minor",
        "system.operations": "position hash",
    },
    "privacy_budget": {
        "system.operations": "dataset period spent_micro",
    },
    "privacy_noisy_answer": {
        "system.operations": "dataset question asked epsilon_micro answer answered_at",
    },
    "privacy_erasure": {
        "user.unique_id.pseudonymous": "subject_hash",
        "system.operations": "id erased kept at",
    },
}

USES: dict[str, str] = {
    "essential.legal_obligation": "consents gate minors permissions privacy shredding subjects",
}

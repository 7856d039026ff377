"""What kind of data each column of app/security holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "security_api_key": {
        "user.workplace": "made_by",
        "system.authentication": "key_hash shown",
        "system.operations": "id name scopes created_at revoked_at",
    },
    "security_audit": {
        "user.unique_id.pseudonymous": "subject_hash",
        "user.workplace": "actor",
        "system.operations": "seq at kind detail prev_hash hash",
    },
    "security_audit_head": {
        "system.operations": "id seq hash",
    },
    "security_app_attest_key": {
        "user.device.device_id": "device_id",
        "user.authorization.credentials": "key_id public_key",
        "user.device": "level",
        "user.behavior": "counter created_at used_at",
    },
    "security_attestation": {
        "user.device.device_id": "device_id",
        "user.device": "kind level facts",
        "user.behavior": "at",
    },
    "security_challenge": {
        "user.unique_id.pseudonymous": "bound_to",
        "system.authentication": "challenge_hash",
        "system.operations": "purpose created_at expires_at used_at",
    },
    "security_contact": {
        "user.unique_id.pseudonymous": "shopper_id value_hash",
        "user.contact": "value_sealed",
        "user.behavior": "verified_at",
        "system.operations": "id kind",
    },
    "security_contact_change": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.contact": "old_sealed",
        "user.authorization.credentials": "undo_hash",
        "user.behavior": "change old_verified_at at",
        "system.operations": "id kind cooling undo_until undone_at",
    },
    "security_contact_code": {
        "user.unique_id.pseudonymous": "shopper_id value_hash",
        "user.contact": "value_sealed",
        "user.authorization.credentials": "code_hash",
        "system.operations": "id kind tries_left expires_at used_at",
    },
    "security_join": {
        "user.unique_id.pseudonymous": "shopper_id from_shopper_id",
        "user.behavior.purchase_history": "told",
        "system.operations": "id at",
    },
    "security_device": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "id",
        "user.device": "name_sealed platform",
        "user.authorization.credentials": "token_hash tracking_hash key_thumbprint",
        "user.behavior": "created_at last_seen_at password_at passkey_at",
        "system.operations": "revoked_at frozen_why told_at",
    },
    "security_familiar_word": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "word_sealed",
        "system.operations": "set_at",
    },
    "security_key_change": {
        "user.workplace": "by",
        "system.operations": "id purpose key_id change why at",
    },
    "security_letter": {
        "user.unique_id.pseudonymous": "shopper_id to_hash",
        "user.content.private": "sealed about",
        "user.behavior": "complained_at",
        "system.operations": "id kind state attempts claim due_at expires_at created_at sent_at mail_status",
    },
    "security_limit": {
        "user.unique_id.pseudonymous": "identity_hash",
        "user.behavior": "times_ms",
        "system.operations": "rule updated_at",
    },
    "security_login_link": {
        "user.unique_id.pseudonymous": "person_id shopper_id",
        "user.authorization.credentials": "token_hash",
        "system.operations": "id role created_at expires_at used_at",
    },
    "security_passkey": {
        "user.unique_id.pseudonymous": "shopper_id person_id",
        "user.authorization.credentials": "credential_hash credential_id public_key",
        "user.device": "name_sealed model synced transports",
        "user.behavior": "sign_count created_at last_used_at",
        "system.operations": "id suspect_at",
    },
    "security_person": {
        "user.unique_id.pseudonymous": "id shopper_id",
        "user.name": "name",
        "user.contact.email": "email_hash email_sealed",
        "user.authorization.password": "password_hash",
        "user.workplace": "role place_ids",
        "system.operations": "created_at disabled_at",
    },
    "security_policy_decision": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.workplace": "caller",
        "user.behavior": "at action outcome reasons",
        "system.operations": "id role policy_ids acr max_age_s inputs_hash",
    },
    "security_seen": {
        "system.operations": "kind name_hash expires_at",
    },
    "security_session": {
        "user.unique_id.pseudonymous": "shopper_id person_id",
        "user.device.device_id": "device_id",
        "user.authorization.credentials": "token_hash key_thumbprint",
        "user.behavior": "created_at password_at passkey_at key_seen_at",
        "system.operations": "id role expires_at revoked_at",
    },
    "security_unknown_code": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "times at",
    },
    "security_shopper": {
        "user.unique_id.pseudonymous": "id joined_into_shopper_id",
        "system.operations": "created_at frozen_why frozen_at",
    },
}

USES: dict[str, str] = {
    "essential.service": "joining",
    "essential.service.authentication": (
        "accounts browser_keys challenges credentials links passkeys.keeping devices.attesting devices.keeping sessions shoppers stepup"
    ),
    "essential.service.security": (
        "asking holders limits policies.decision_log audit.journal devices.freezing signals.effects contacts.doubts contacts.letters contacts.losing contacts.repository contacts.returning "
        "contacts.undoing contacts.verifying"
    ),
    "marketing.advertising.first_party.targeted": "crowds",
    "essential.legal_obligation": "privacy passkeys.privacy devices.privacy contacts.privacy",
}

"""What kind of data each column of conversations holds, and what its modules read them for; see notifications/data_tags.py."""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_conversation": {
        "user.unique_id.pseudonymous": "shopper_id identity",
        "user.content.private": "memory",
        "user.behavior": "heard_at",
        "user.workplace": "claimed_by",
        "system.operations": "id channel state language last_seq why asked_seq owed_since claimed_at created_at changed_at",
    },
    "notifications_conversation_message": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "sealed",
        "user.behavior": "author at",
        "user.workplace": "said_by",
        "system.operations": "thread_id seq id open",
    },
    "notifications_faq": {
        "user.workplace": "changed_by",
        "system.operations": "id state texts version changed_at",
    },
    "notifications_conversation_need": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.demographic.profile": "kind sealed",
        "system.operations": "at",
    },
}

USES: dict[str, str] = {
    "functional": "hearing",
    "essential.service.operations.support": "handing hearing outward repository",
    "marketing.advertising.first_party.targeted": "needs",
    "essential.service.notifications": "caring",
    "essential.legal_obligation": "privacy",
}

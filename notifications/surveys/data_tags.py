"""What kind of data each column of surveys holds, and what its modules read them for; see notifications/data_tags.py."""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_survey": {
        "user.workplace": "changed_by",
        "system.operations": "id state title intro shown_after place_ids questions changed_at",
    },
    "notifications_survey_asked": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "at",
        "system.operations": "survey_id",
    },
    "notifications_survey_reply": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.demographic.profile": "sealed",
        "user.behavior": "at",
        "system.operations": "survey_id",
    },
}

USES: dict[str, str] = {
    "marketing.advertising.first_party.targeted": "inviting replying repository",
    "marketing.communications": "telling",
}

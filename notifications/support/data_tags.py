"""What kind of data each column of support holds, and what its modules read them for; see notifications/data_tags.py."""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "notifications_support_case": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "subject_sealed rating_sealed",
        "user.behavior": "category channel opened_at solved_at rated_at stars order_id visit_id decision_id coupon_id thread_id place_id",
        "user.workplace": "claimed_by",
        "system.operations": (
            "id state priority merged_into last_seq owed_since running_since answer_left_s solve_left_s answer_due_at solve_due_at answer_late_at solve_late_at "
            "answered_at changed_at"
        ),
    },
    "notifications_support_entry": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "sealed",
        "user.behavior": "author kind at",
        "user.workplace": "who",
        "system.operations": "case_id seq",
    },
}

USES: dict[str, str] = {
    "essential.service.operations.support": "handling moving opening rating repository telling viewing watching",
}

"""What kind of data each column of app/analytics holds: a key of the Fideslang taxonomy for every one of them.

Owns the tags alone, as plain data: table -> category -> columns. app/privacy/tags.py reads them; tests/architecture fails on a column
without a tag. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "analytics_campaign_total": {
        "system.operations": "campaign_id currency orders revenue_minor redemptions discount_minor",
    },
    "analytics_funnel_row": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "place_id",
        "user.behavior": "moment_id detected_at offered_at withheld_at pushed_at suppressed_at seen_at",
        "user.behavior.purchase_history": (
            "ordered_at redeemed_at released_at refunded_at revenue_minor revenue_currency discount_minor discount_currency"
        ),
        "system.operations": "campaign_id noted_at",
    },
}

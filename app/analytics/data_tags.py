"""What kind of data each column of app/analytics holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
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

USES: dict[str, str] = {
    "analytics.reporting.campaign_insights": "count facade heat",
    "essential.legal_obligation": "privacy",
}

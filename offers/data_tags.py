"""What kind of data each column of offers holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "offers_area": {
        "system.operations": "id name lat_deg lon_deg radius_m timezone region fetch_at trouble",
    },
    "offers_calendar": {
        "system.operations": "region first_day last_day",
    },
    "offers_calendar_day": {
        "system.operations": "region day name holiday title",
    },
    "offers_campaign": {
        "user.workplace": "created_by submitted_by approved_by",
        "system.operations": "id name state version created_at changed_at submitted_at approved_version approved_at",
    },
    "offers_campaign_step": {
        "user.workplace": "by",
        "system.operations": "id campaign_id version from_state to_state at note",
    },
    "offers_campaign_version": {
        "user.workplace": "created_by",
        "system.operations": "campaign_id version definition created_at",
    },
    "offers_chunk": {
        "system.operations": "id campaign_id room room_minor cap budget_minor revoked redeemed reserved_minor spent_minor",
    },
    "offers_counter": {
        "system.operations": "campaign_id issued revoked redeemed budget_reserved_minor budget_spent_minor",
    },
    "offers_coupon": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "moment_id visit_id place_id",
        "user.authorization.credentials": "code_hash code_sealed",
        "user.behavior.purchase_history": "bound_minor order_id redemption_id",
        "user.user_sensor": "trust",
        "user.content.private": "telling title benefit_text terms_text",
        "system.operations": (
            "id state revision number campaign_id campaign_version decision_id place_ids caveats variant currency issued_at expires_at changed_at "
            "retracted_at reserved_until"
        ),
    },
    "offers_decision": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "moment_id place_id",
        "user.demographic.profile": "outcome record result arm",
        "user.content.private": "telling",
        "system.operations": "id campaign_id campaign_version coupon_id decided_at",
    },
    "offers_fewer_wish": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.demographic.profile": "campaign_id times",
        "system.operations": "asked_at",
    },
    "offers_forecast": {
        "system.operations": "area_id day known_at good_until high_c rain_mm cloud_pct source",
    },
    "offers_gs1_serial": {
        "system.operations": "value_hash coupon_id turn",
    },
    "offers_hold": {
        "user.behavior.purchase_history": "quote discount_minor currency reserved_at closed_at closed_why",
        "user.location.precise": "place_id",
        "system.operations": "order_id coupon_id position state",
    },
    "offers_identity_hint": {
        "user.unique_id.pseudonymous": "hash shopper_id",
        "user.unique_id": "kind",
        "system.operations": "first_seen_at last_seen_at",
    },
    "offers_ledger_entry": {
        "system.operations": "id coupon_id campaign_id from_state to_state reserved_delta_minor spent_delta_minor cause why at",
    },
    "offers_provisional": {
        "user.workplace": "clerk_id",
        "user.behavior.purchase_history": "coupon_id place_id at facts",
        "system.operations": "till_id seq kind entry_hash received_at outcome reason redemption_id",
    },
    "offers_purchase": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "product_id category total_minor currency bought_at",
        "system.operations": "order_id line_no",
    },
    "offers_answer": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.demographic.profile": "answer",
        "system.operations": "told_at",
    },
    "offers_tier": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "tier until",
        "system.operations": "told_at",
    },
    "offers_member": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "plan_id until",
        "system.operations": "told_at",
    },
    "offers_redemption": {
        "user.workplace": "clerk_id",
        "user.behavior.purchase_history": (
            "coupon_id channel order_id place_id discount_minor currency redeemed_at undone_at undone_why returned_minor"
        ),
        "system.operations": "id campaign_id",
    },
    "offers_tally": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.demographic.profile": "issued revoked",
        "system.operations": "campaign_id touched_at",
    },
    "offers_till": {
        "user.workplace": "clerk_id",
        "system.operations": "id place_id cap taken journal_seq journal_hash issued_at seen_at",
    },
    "offers_trigger": {
        "system.operations": "moment_kind selector campaign_id",
    },
    "offers_weighed_moment": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "moment_id",
        "user.content.private": "telling told",
        "system.operations": "decided_at retracted_at noted_at taken_back",
    },
}

USES: dict[str, str] = {
    "marketing.advertising.first_party.targeted": "answers tiers memberships audience_counts audience_facts gathering issuance purchases repository simulation tellings",
    "marketing.advertising.frequency_capping": "counting gathering issuance ledger",
    "marketing.advertising.negative_targeting": "gathering simulation wishes",
    "analytics.reporting.campaign_insights": "figures purchases tiers memberships",
    "essential.service": (
        "bundling coupon_signing expiry gs1_coupons issuance ledger minting moves redemption repository reserving scanning till "
        "tills.offline"
    ),
    "essential.fraud_detection": "guarding identity tills.offline",
    "essential.service.operations.support": "explaining",
    "essential.legal_obligation": "privacy",
    "finance": "auditing late_payment ledger moves",
}

"""What could hold words and is not sealed, and why it may stand in the clear in an old backup. Written by hand; see test_plain_text.py."""

from __future__ import annotations

PLAIN: dict[str, str] = {
    "ids and code words of ours, in a wide column: random or from a closed list": (
        "analytics_funnel_row.place_id notifications_support_case.place_id notifications_support_case.visit_id geofences_moment.doubts geofences_visit.doubts kernel_outbox_event.subject kernel_outbox_event.type "
        "notifications_delivery.reasons notifications_message.visit_id notifications_message.place_id notifications_message.collapse_key "
        "notifications_webhook_delivery.type notifications_webhook_delivery.subject notifications_webhook_event.type "
        "notifications_webhook_event.subject offers_coupon.place_id offers_coupon.place_ids offers_decision.place_id offers_hold.order_id "
        "offers_hold.place_id offers_hold.closed_why offers_provisional.place_id offers_provisional.reason offers_purchase.order_id "
        "offers_redemption.order_id offers_redemption.place_id offers_redemption.undone_why privacy_standing.coarse_device_ids "
        "security_policy_decision.reasons security_policy_decision.policy_ids storefront_wish.product_id storefront_share.product_id storefront_membership_invoice.id storefront_wish_found.visit_id storefront_wish_found.product_id storefront_review.product_id storefront_review_version.waits storefront_cart.coupon_ids storefront_cart.slot_id storefront_cart.collect_at storefront_collection.place_id storefront_delivery_booking.slot_id storefront_booking.slot_id storefront_booking.place_id storefront_booking.product_id storefront_cart_line.slot_id storefront_order.place_id storefront_cash_claim.place_id "
        "storefront_loyalty_fact.place_id storefront_loyalty_reward.rule offers_answer.answer"
    ),
    "what somebody outside calls it: says nothing without their books": (
        "notifications_delivery.provider_message_id storefront_order.payment_id storefront_dispute.id storefront_dispute.reason storefront_detachment.token storefront_membership.subscription_id storefront_membership.setup_id storefront_membership_invoice.payment_id storefront_shipment.tracking security_app_attest_key.key_id security_device.key_thumbprint security_session.key_thumbprint"
    ),
    "facts by which something was decided, ids, numbers and code words, so that it can be recomputed; under a random id": (
        "notifications_message.reasons notifications_message.weighed offers_coupon.caveats offers_decision.record offers_decision.result "
        "offers_hold.quote offers_provisional.facts security_attestation.facts security_limit.times_ms security_passkey.transports "
        "storefront_order_coupon.shares storefront_order_coupon.entitlements storefront_refund.pieces storefront_refund.shares "
        "storefront_paper_due.facts storefront_return_request.pieces storefront_return_request.exchange security_join.told"
    ),
    "the campaign's and the shop's own words, the same for everybody": (
        "offers_coupon.title offers_coupon.benefit_text offers_coupon.terms_text offers_purchase.product_id offers_purchase.category "
        "storefront_cart_line.product_id storefront_loyalty_fact.products storefront_loyalty_fact.categories storefront_loyalty_reward.title storefront_membership.plan_name storefront_membership_invoice.plan_name storefront_order_coupon.title storefront_commission.product_id storefront_revenue_entry.product_id storefront_order_line.product_id storefront_order_line.name"
    ),
    "events between our parts: ids, times, amounts and the campaign's words; deleted with an erasure": (
        "kernel_outbox_event.payload notifications_webhook_event.data"
    ),
    "the words of the notice she agreed to, and how she answered": "privacy_consent.record",
    "receipts: what was sold, at which tax, by whom; nobody is named, and the law wants them readable for years": "storefront_paper.content storefront_paper.sha256 storefront_membership_paper.content storefront_membership_paper.sha256 storefront_membership_paper.invoice_id",
    "the name of a time zone": "notifications_recipient.timezone storefront_delivery_booking.timezone storefront_booking.timezone",
    "by which channels she likes to be told": "notifications_preference.ways",
    "a keyed hash": "storefront_placement_count.viewer notifications_conversation.identity privacy_shred.owner security_challenge.bound_to",
    "of staff and machines, not of shoppers": (
        "notifications_support_case.claimed_by notifications_support_entry.who kernel_idempotency.media_type kernel_idempotency.claimed_by notifications_webhook_endpoint.url notifications_webhook_endpoint.description "
        "notifications_webhook_endpoint.types notifications_webhook_endpoint.created_by offers_provisional.clerk_id offers_redemption.clerk_id "
        "privacy_erasure.erased privacy_erasure.kept security_audit.actor security_audit.detail security_person.name security_person.place_ids "
        "security_policy_decision.caller storefront_refund.asked_by storefront_gift_card.issued_by storefront_collection.handed_by storefront_booking.ended_by storefront_shipment.packed_by storefront_cash_claim.ended_by storefront_cash_entry.by storefront_cart_code.used_by storefront_shipment.delivered_by storefront_review_version.decided_by storefront_review_version.replied_by"
    ),
}
"""Why -> `table.column`, with spaces between."""

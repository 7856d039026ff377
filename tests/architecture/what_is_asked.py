"""The specification of which route asks the rules (app/security/policies) what, written by hand; test_asked.py holds the house to it.

Owns the two tables. Every route that changes something stands in exactly one: what it asks, or why it need not. A new route is added
here by whoever adds it, after thinking about what a thief of the caller's session would do with it.
"""

from __future__ import annotations

from app.security.policies.contracts import Action

ASKED: dict[str, tuple[Action, ...]] = {
    "POST /v1/account": (Action.CHANGE_PASSWORD,),
    "POST /v1/api-keys": (Action.ISSUE_KEY,),
    "DELETE /v1/api-keys/{key_id}": (Action.REVOKE_KEY,),
    "POST /v1/me/erase": (Action.ERASE,),
    "POST /m/me/delete": (Action.ERASE,),
    "POST /v1/contacts": (Action.CHANGE_CONTACT,),
    "POST /v1/contacts/{kind}/code": (Action.CHANGE_CONTACT,),
    "DELETE /v1/contacts/{kind}": (Action.CHANGE_CONTACT,),
    "PUT /v1/familiar-word": (Action.CHANGE_CONTACT,),
    "POST /m/contacts": (Action.CHANGE_CONTACT,),
    "POST /m/contacts/{kind}/code": (Action.CHANGE_CONTACT,),
    "POST /m/contacts/{kind}/remove": (Action.CHANGE_CONTACT,),
    "POST /m/contacts/word": (Action.CHANGE_CONTACT,),
    "PATCH /v1/campaigns/{campaign_id}": (Action.PUBLISH_CAMPAIGN,),
    "POST /v1/campaigns/{campaign_id}/approve": (Action.APPROVE_CAMPAIGN,),
    "POST /v1/campaigns/{campaign_id}/activate": (Action.PUBLISH_CAMPAIGN,),
    "POST /console/campaigns/{campaign_id}/approve": (Action.APPROVE_CAMPAIGN,),
    "POST /console/campaigns/{campaign_id}/activate": (Action.PUBLISH_CAMPAIGN,),
    "POST /v1/till/redemptions": (Action.REDEEM,),
    "POST /v1/till/redemptions/{redemption_id}/undo": (Action.UNDO_AT_TILL,),
    "POST /till/redeem": (Action.REDEEM,),
    "POST /till/redemptions/{redemption_id}/undo": (Action.UNDO_AT_TILL,),
    "POST /v1/checkout": (Action.RESERVE, Action.PAY),
    "POST /m/pay": (Action.RESERVE, Action.PAY),
    # looks, of what is worth as much as an act
    "GET /v1/me/export": (Action.EXPORT,),
    "GET /v1/coupons/{coupon_id}/live": (Action.SEE_OFFER,),
}

_PROOF = "is a proof itself, or checks one of its own before it changes any"
_REPORT = "tells us where she is or what she did; what it opens is asked about when it is opened"
_HERS = "changes what is hers and takes nothing of value out"
_WITHDRAWS = "gives up something; taking away must not be made hard"
_LATER = "goes on with an order that was asked about when it was placed"
_HOUSE = "work of the house within a role and a scope; gives nothing to anybody"
_FOUR_EYES = "a step that gives nothing before another person has approved, and that is asked"
_OWN_RULE = "has a bound of its own in its room"

NOT_ASKED: dict[str, str] = {
    "POST /v1/devices": "begins a stranger, who has nothing yet",
    "POST /m/start": "begins a stranger, who has nothing yet",
    "POST /v1/sessions": _PROOF,
    "DELETE /v1/sessions/current": _WITHDRAWS,
    "POST /v1/sessions/passkey": _PROOF,
    "POST /v1/passkeys/making": _PROOF,
    "POST /v1/passkeys": _PROOF,
    "PATCH /v1/passkeys/{passkey_id}": _HERS,
    "DELETE /v1/passkeys/{passkey_id}": _PROOF,
    "POST /v1/passkeys/showing": _PROOF,
    "POST /v1/step-up": _PROOF,
    "POST /v1/devices/me/attestation/challenge": _PROOF,
    "POST /v1/devices/me/attestation": _PROOF,
    "POST /v1/security-events": _PROOF,
    "POST /enter/{link_token}": _PROOF,
    "POST /not-me/{link_token}": _PROOF,
    "PUT /v1/consents/{purpose}": _HERS,
    "PUT /v1/me/location-permission": _HERS,
    "PUT /v1/me/age": _HERS,
    "POST /v1/fixes": _REPORT,
    "POST /v1/owntracks": _REPORT,
    "POST /v1/sightings": _REPORT,
    "POST /v1/device-plan": _REPORT,
    "POST /v1/osmand": _REPORT,
    "POST /v1/presence": _REPORT,
    "POST /m/here": _REPORT,
    "POST /v1/beacons/import": _HOUSE,
    "POST /v1/places/import": _HOUSE,
    "POST /v1/places/sensitive/import": _HOUSE,
    "PUT /v1/places/sensitive/rules": _HOUSE,
    "POST /v1/products/import": _HOUSE,
    "POST /v1/campaigns": _FOUR_EYES,
    "POST /v1/campaigns/{campaign_id}/submit": _FOUR_EYES,
    "POST /v1/campaigns/{campaign_id}/send-back": _WITHDRAWS,
    "POST /v1/campaigns/{campaign_id}/pause": _WITHDRAWS,
    "POST /v1/campaigns/{campaign_id}/end": _WITHDRAWS,
    "POST /v1/audiences/count": "a count, from twenty people on",
    "POST /console/campaigns/{campaign_id}/audience": "a count, from twenty people on",
    "POST /console/campaigns/{campaign_id}/pause": _WITHDRAWS,
    "POST /console/campaigns/{campaign_id}/submit": _FOUR_EYES,
    "POST /console/campaigns/{campaign_id}/send-back": _WITHDRAWS,
    "POST /v1/analytics/heat": "cells of twenty people on, out of a budget",
    "POST /v1/offers/{coupon_id}/fewer": _HERS,
    "POST /v1/till/bundle": _OWN_RULE,
    "POST /v1/till/journal": _OWN_RULE,
    "POST /v1/cart/lines": _HERS,
    "PUT /v1/cart/lines/{line_id}": _HERS,
    "DELETE /v1/cart/lines/{line_id}": _HERS,
    "DELETE /v1/cart": _HERS,
    "PUT /v1/cart/coupon": _HERS,
    "POST /v1/cart/coupons": _HERS,
    "POST /v1/cart/coupons/best": _HERS,
    "DELETE /v1/cart/coupons/{coupon_id}": _HERS,
    "PUT /v1/cart/delivery": _HERS,
    "DELETE /v1/cart/coupon": _HERS,
    "POST /v1/cart/quote": _HERS,
    "POST /v1/orders/{order_id}/confirm": _LATER,
    "POST /v1/orders/{order_id}/refresh": _LATER,
    "POST /v1/orders/{order_id}/cancel": _WITHDRAWS,
    "POST /v1/orders/{order_id}/refund": "money goes back to where it came from, never more than was paid",
    "POST /v1/orders/{order_id}/returns": "money goes back to where it came from, never more than was paid",
    "POST /v1/webhooks/stripe": "signed by the payment provider",
    "POST /v1/inbox/{message_id}/seen": _HERS,
    "POST /v1/inbox/{message_id}/clicked": _HERS,
    "POST /v1/inbox/{message_id}/dismissed": _HERS,
    "POST /v1/devices/me/push-token": _HERS,
    "DELETE /v1/devices/me/push-token": _WITHDRAWS,
    "POST /m/coupons/{coupon_id}/fewer": _HERS,
    "POST /m/me/consents/{purpose}": _HERS,
    "POST /m/me/age": _HERS,
    "POST /m/cart/lines": _HERS,
    "POST /m/cart/lines/{line_id}": _HERS,
    "POST /m/cart/coupon": _HERS,
    "POST /m/cart/delivery": _HERS,
    "POST /m/orders/{order_id}/pay": _LATER,
    "POST /m/orders/{order_id}/refresh": _LATER,
    "POST /m/orders/{order_id}/cancel": _WITHDRAWS,
}

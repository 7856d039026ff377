"""The reason codes of app/security, each with a plain sentence.

Owns the words; docs/reasons/security.md lists them, a test compares.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    "too_many_requests": "That was tried too often in a short time; wait a little and try again.",
    "step_up_needed": "For this, show once more that it is you: with your fingerprint or face, or by signing in again.",
    "dpop_malformed": "The proof of the phone's key is missing or cannot be read.",
    "dpop_other_request": "The proof was made for another request.",
    "dpop_too_old": "The proof was made too long ago, or the clock of the phone is wrong.",
    "dpop_other_token": "The proof was made for another token.",
    "dpop_other_key": "The proof was made with another key than this token was given to.",
    "dpop_seen_before": "The proof was used already; every request needs one of its own.",
    "dpop_nonce_needed": "The proof needs the nonce of the header DPoP-Nonce.",
    "cross_site_request": "The request came from another site, so it was not done.",
    "not_permitted": "This is not for whoever you are signed in as.",
    "policy_fault": "A rule could not be weighed, so it was not done; please tell us.",
    "fact_missing": "Something we need to know to allow this is not known.",
    "place_uncertain": "We could not be sure that you were there. Confirm that it is you, or show the coupon at the till with your phone.",
    "position_doubtful": "The position looked unusual. Confirm that it is you, or show the coupon at the till with your phone.",
    "high_value": "This is worth a lot, so confirm that it is you; a coupon can also be shown at the till with your phone.",
    "unusual_hour": "It is the middle of the night there, so confirm that it is you.",
    "unusually_often": "You have done this often within the last hour, so confirm that it is you.",
    "too_often": "This was done too often within the last hour; wait an hour and try again.",
    "contact_changed_lately": "How we reach you was changed within the last twelve hours; until these have passed only small amounts are possible.",
    "sim_swapped": "The SIM card of your number was changed lately, so confirm with your passkey that it is you.",
    "device_not_trusted": "This phone or browser is reported as stolen or changed; use another one, or ask us.",
    "confirm_it_is_you": "Confirm that it is you; then it is done.",
    "four_eyes": "Somebody else than its author approves a campaign.",
}

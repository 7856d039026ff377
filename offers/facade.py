"""The door of the room `offers`: what, if anything, do we offer now, and is this coupon good?

Owns campaigns, decisions, coupons and redemptions. Callers pass their own session (one request or job is one
transaction), must not read this room's tables, must not put a code into a log or an event, and must treat `Refused` as an
answer for the shopper, not as an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.asking import Asker
from app.security.policies.contracts import Action
from geofences import facade as geofences
from geofences.contracts import MomentView
from offers import (
    answers,
    audience_counts,
    audience_file,
    audience_words,
    auditing,
    benefit_schemas,
    bundling,
    codes,
    coupon_signing,
    expiry,
    figures,
    gs1_coupons,
    guarding,
    identity,
    issuance,
    live,
    memberships,
    planning,
    previewing,
    purchases,
    redemption,
    refunds,
    repository,
    reserving,
    review,
    saying,
    schemas,
    simulation,
    tellings,
    tiers,
    till,
    wishes,
    yaml_form,
)
from offers import campaigns as lives
from offers import explaining as explained
from offers.campaign_contracts import CampaignChange, CampaignHistory, CampaignPlan
from offers.contracts import (
    AudienceCount,
    Books,
    CampaignView,
    CouponView,
    DecisionView,
    Explanation,
    FiguresByArm,
    LiveCoupon,
    Simulation,
)
from offers.definition import Hint
from offers.errors import NoSuchDecision
from offers.outside import facade as outside
from offers.reasons import Audience

FEWER_MUTE_S = 30 * 86_400
SIGNED_TTL_S = 86_400
WALLET_PAST = timedelta(days=30)  # used and expired coupons stay in the wallet that long

# --- deciding ---------------------------------------------------------------------------------------------------------


def decide(session: Session, moment: MomentView, *, at: datetime, fewer_mute_s: int = FEWER_MUTE_S, told: str = "") -> list[str]:
    """Weigh one moment: all listening campaigns, at most one coupon. Returns decision ids; a repeat returns none.

    `told` is the id of the event that tells it: one that is newer than its retraction is weighed again.
    """
    places = geofences.directory(session)
    place = places.by_id.get(moment.place_id)
    if place is None:
        return []
    consent = gate.may(session, moment.shopper_id, Purpose.PERSONALISATION, at)
    setting = issuance.Setting(place, consent, places, fewer_mute_s)
    return issuance.decide_moment(session, moment, setting, at, told)


def retract(
    session: Session, *, moment_id: str, shopper_id: str, at: datetime, taken_back: str | None = None
) -> bool:
    """The moment never was: its unused coupon is revoked, and it will not be weighed unless it is told again. True if a coupon was
    touched. `taken_back` is the id of the event that says so; without one it is news of now."""
    if not tellings.take_back(session, moment_id, shopper_id, at, taken_back):
        return False
    return expiry.revoke_of_moment(session, moment_id, at)


def decision(session: Session, decision_id: str, audience: Audience = Audience.SHOPPER) -> DecisionView | None:
    row = repository.decision_row(session, decision_id)
    return repository.decision_views(session, [row], audience)[0] if row is not None else None


def decisions(
    session: Session,
    *,
    shopper_id: str | None = None,
    campaign_id: str | None = None,
    moment_id: str | None = None,
    outcome: str | None = None,
    limit: int = 100,
    audience: Audience = Audience.MARKETER,
) -> list[DecisionView]:
    """Newest first; all filters given must hold."""
    rows = repository.decision_rows(
        session, shopper_id=shopper_id, campaign_id=campaign_id, moment_id=moment_id, outcome=outcome, limit=limit
    )
    return repository.decision_views(session, rows, audience)


def explain(session: Session, any_id: str, audience: Audience = Audience.SHOPPER) -> DecisionView:
    """By the id of a decision, coupon, redemption, order or moment; raises NoSuchDecision (404)."""
    return repository.decision_views(session, [explained.found(session, any_id)], audience)[0]


def explanation(session: Session, any_id: str, *, audience: Audience = Audience.SHOPPER, at: datetime) -> Explanation:
    """As `explain`, in plain words: one sentence for an answer, then every reason. `at` is now (for `at 14:02` or a date)."""
    return explained.explanation_of(session, explained.found(session, any_id), audience, at)


def replay_decision(session: Session, decision_id: str) -> tuple[str, str]:
    """(stored, recomputed) as canonical JSON: equal byte for byte, also after later edits of the campaign."""
    row = repository.decision_row(session, decision_id)
    if row is None:
        raise NoSuchDecision()
    return row.result, explained.replayed(session, row)


def simulate(
    session: Session,
    campaign_id: str,
    *,
    since: datetime,
    until: datetime,
    at: datetime,
    fewer_mute_s: int = FEWER_MUTE_S,
    explore: bool = True,
) -> Simulation:
    """What the campaign would have done with the moments stored between two instants; changes nothing. See simulation.py."""
    return simulation.simulate(
        session, campaign_id, since=since, until=until, at=at, fewer_mute_s=fewer_mute_s, explore=explore
    )


# --- coupons ----------------------------------------------------------------------------------------------------------


def book(session: Session, decision_id: str, at: datetime) -> list[CouponView]:
    """The coupons of an offer that are still free, the next one first, without their codes."""
    return repository.coupon_views(session, repository.free_of(session, decision_id, at), with_code=False)


def wallet(session: Session, shopper_id: str, at: datetime, *, with_codes: bool = True) -> list[CouponView]:
    """The holder's coupons with their codes: the usable ones first by their end, then those of the last 30 days."""
    return repository.coupon_views(session, repository.coupons_of(session, shopper_id, since=at - WALLET_PAST), with_code=with_codes)


def coupon(session: Session, coupon_id: str, *, with_code: bool = True) -> CouponView | None:
    row = repository.coupon_row(session, coupon_id)
    return repository.coupon_views(session, [row], with_code=with_code)[0] if row is not None else None


def live_coupon(
    session: Session,
    coupon_id: str,
    *,
    device_id: str,
    at: datetime,
    ttl_s: int = SIGNED_TTL_S,
    live_code_required: bool = False,
    live_code_above_minor: Mapping[str, int] | None = None,
    till_offline_most_minor: Mapping[str, int] | None = None,
) -> LiveCoupon | None:
    """The coupon signed for one phone of its holder, with its live code; None when it cannot be used now. Ask whose it is first."""
    return live.live_coupon(
        session, coupon_id, device_id=device_id, at=at, ttl_s=ttl_s,
        live_code_required=live_code_required, live_code_above_minor=live_code_above_minor, till_offline_most_minor=till_offline_most_minor,
    )  # fmt: skip


def gs1_coupon(session: Session, coupon_id: str, funder_id: str) -> str | None:
    """The coupon as a GS1 one, `(8112)0...`, for its holder; None when it is gone. Give it a transaction: see gs1_coupons.offer_of."""
    row = repository.coupon_row(session, coupon_id)
    return gs1_coupons.offer_of(session, row, funder_id).bracketed if row is not None else None


def till_keys(at: datetime) -> list[dict[str, str]]:
    """The public keys that signed coupons are checked with, as a JSON Web Key Set: of the last, this and the next week."""
    return coupon_signing.public_keys(at)


def coupon_by_code(session: Session, code: str) -> CouponView | None:
    """By a code as typed or scanned; None if there is none or it is mistyped."""
    canonical = codes.normalise(code)
    row = repository.coupon_row_by_code(session, canonical) if canonical is not None else None
    return repository.coupon_views(session, [row])[0] if row is not None else None


live_target = codes.live_target
new_code, normalised_code, shown_code = codes.new_code, codes.normalise, codes.shown  # for what else is worth money by a code
quote = redemption.quote
quote_together = bundling.quote_together
best_bundle = bundling.best_bundle
reserve = reserving.reserve_one
reserve_all = reserving.reserve
redeem = redemption.redeem
renew = redemption.renew
release = redemption.release
give_back = redemption.give_back
coupon_origins = repository.coupon_origins
return_part = redemption.return_part
refund_minor = refunds.refund_minor

coupon_message = saying.about
fill_message = saying.filled
message_example = saying.example_of_campaign
message_example_of = saying.example_of_document

import_outside = outside.import_file
outside_known = outside.shown
outside_in_words = outside.in_words

redeem_at_till = till.redeem_at_till
undo_at_till = till.undo_at_till
visits_behind = guarding.visits_behind


def expire_due(session: Session, at: datetime, limit: int = 500) -> int:
    """Expire what is due and take back reservations that ran out; returns how many moved. Call again until 0."""
    return expiry.expire_due(session, at, limit)


def fewer_like(session: Session, *, shopper_id: str, coupon_id: str, at: datetime) -> int:
    """`Fewer like this`; returns how often she has asked for this campaign. The coupon stays good."""
    return wishes.fewer_like(session, shopper_id=shopper_id, coupon_id=coupon_id, at=at)


# --- campaigns --------------------------------------------------------------------------------------------------------


def campaigns(session: Session, *, limit: int = 500) -> list[CampaignView]:
    """Newest first, with their figures."""
    return repository.campaign_views(session, limit=limit)


def campaign(session: Session, campaign_id: str) -> CampaignView | None:
    found = repository.campaign_views(session, campaign_id)
    return found[0] if found else None


preview_campaign = previewing.preview
changes_since_live = previewing.since_live
campaign_defaults = previewing.defaults
BENEFIT_FIELDS = benefit_schemas.FIELDS


def draft_campaign(
    session: Session, document: Mapping[str, Any], *, by: str, at: datetime, campaign_id: str | None = None
) -> str:
    """A checked document as a draft; returns its id. Raises Invalid (422) naming each wrong field and the remedy."""
    return lives.draft(session, schemas.checked(document), by=by, at=at, campaign_id=campaign_id)


def revise_campaign(
    session: Session, campaign_id: str, change: Mapping[str, Any], *, by: str, at: datetime, four_eyes: bool = False, asker: Asker | None = None,
    looked_at: int | None = None,
) -> int:  # fmt: skip
    """Change some fields; returns the version now in force. What was in review or approved is a draft again; what stays live is published anew.

    `four_eyes` is the house's setting: every edge that a person calls passes it on; seeds do not.
    """
    version = lives.revise(session, campaign_id, change, by=by, at=at, four_eyes=four_eyes, looked_at=looked_at)
    if not four_eyes:
        guarding.may_revise(session, asker, campaign_id, at)
    return version


def submit_campaign(session: Session, campaign_id: str, *, by: str, at: datetime, note: str = "") -> None:
    """draft or paused -> review."""
    review.submit(session, campaign_id, by=by, at=at, note=note)


def approve_campaign(
    session: Session, campaign_id: str, *, version: int, by: str, at: datetime, note: str = "", asker: Asker | None = None
) -> None:
    """review -> approved, of the version looked at; raises ApprovedByAnother (403) for its author and submitter."""
    review.approve(session, campaign_id, version=version, by=by, at=at, note=note)
    guarding.may_publish(session, asker, campaign_id, Action.APPROVE_CAMPAIGN, at)


def send_campaign_back(session: Session, campaign_id: str, *, by: str, at: datetime, note: str) -> None:
    """review or approved -> draft, with a word why."""
    review.send_back(session, campaign_id, by=by, at=at, note=note)


def campaign_history(session: Session, campaign_id: str) -> CampaignHistory:
    """Who moved it when, and what each version changed."""
    return review.history(session, campaign_id)


def campaign_difference(
    session: Session, campaign_id: str, *, from_version: int, to_version: int
) -> tuple[CampaignChange, ...]:
    """Field by field, in words."""
    return review.difference(session, campaign_id, from_version, to_version)


def export_campaigns(session: Session, campaign_ids: Sequence[str] = ()) -> str:
    """The named campaigns, or all that have not ended, as YAML."""
    return planning.export(session, campaign_ids)


def plan_campaigns(session: Session, text: str, *, four_eyes: bool) -> CampaignPlan:
    """What `apply_campaigns` would do; changes nothing."""
    return planning.plan(session, text, four_eyes=four_eyes)


def apply_campaigns(session: Session, text: str, *, by: str, at: datetime, four_eyes: bool) -> CampaignPlan:
    """A file of campaigns, all of it in the caller's transaction; the same file again changes nothing."""
    return planning.apply(session, text, by=by, at=at, four_eyes=four_eyes)


def activate_campaign(
    session: Session, campaign_id: str, *, at: datetime, by: str = "", four_eyes: bool = False, asker: Asker | None = None
) -> None:
    """-> live; with `four_eyes` only in the approved version (CampaignNotApproved, 409)."""
    lives.activate(session, campaign_id, at=at, by=by, four_eyes=four_eyes)
    guarding.may_publish(session, asker, campaign_id, Action.PUBLISH_CAMPAIGN, at)


def pause_campaign(session: Session, campaign_id: str, *, at: datetime, by: str = "") -> None:
    lives.pause(session, campaign_id, at=at, by=by)


def end_campaign(session: Session, campaign_id: str, *, at: datetime, by: str = "") -> None:
    lives.end(session, campaign_id, at=at, by=by)


def books(session: Session, campaign_id: str) -> Books:
    """The ledger identity of a campaign; `drift` is empty when rows, ledger and counter agree."""
    return auditing.books(session, campaign_id)


# --- audiences and figures --------------------------------------------------------------------------------------------

def note_payment_method(session: Session, *, shopper_id: str, fingerprint: str, at: datetime) -> None:
    """She has paid with this card or account (the payment provider's own mark of it); only a keyed hash is kept."""
    identity.note(session, shopper_id, Hint.PAYMENT, fingerprint, at)


def note_contact(session: Session, *, shopper_id: str, contact: str, at: datetime) -> None:
    """She has shown that this address or telephone number is hers; only a keyed hash is kept. Not for one that was only typed."""
    identity.note(session, shopper_id, Hint.CONTACT, contact.strip().casefold(), at)


read_yaml, write_yaml = yaml_form.read, yaml_form.write  # for what else of the house is kept as such a file
note_phone, same_person_by, may_be_her = identity.note_phone, identity.same_person_by, identity.may_be_her
"""For whoever rewards one for bringing another."""
audience_in_words, audiences_of_file = audience_words.of_document, audience_file.audiences_of
AUDIENCE_FACTS = audience_words.NAMES
note_purchase, forget_purchase, note_tier, note_member, note_answers, forget_answers, answer_counts = purchases.note, purchases.forget, tiers.note, memberships.note, answers.note, answers.forget, answers.counts


def count_audience(session: Session, audience: object, *, at: datetime, campaign_id: str | None = None) -> AudienceCount:
    """How many shoppers an audience has now, written as in a campaign's document (None: everybody).

    Of `campaign_id` it counts who is at its caps. Raises Invalid (422) naming each wrong field, NoSuchCampaign (404).
    """
    named = lives.in_force(session, campaign_id) if campaign_id is not None else None
    segment = schemas.checked_audience(audience, named.currency if named else "EUR") if audience is not None else None
    return audience_counts.count(session, segment, at=at, campaign_id=campaign_id, campaign=named)


def count_campaign_audience(session: Session, campaign_id: str, *, at: datetime) -> AudienceCount:
    """The same for a campaign as it is."""
    defined = lives.in_force(session, campaign_id)
    return audience_counts.count(session, defined.audience, at=at, campaign_id=campaign_id, campaign=defined)


def campaign_figures(session: Session, campaign_id: str, *, at: datetime, days: int = figures.DAYS) -> FiguresByArm:
    """What each group of its experiment was given and did in the `days` after, and what the campaign brings. See figures.py."""
    return figures.figures(session, campaign_id, at=at, days=days)

"""The routes of shoppers: wallet, live coupons, decisions, explanations.

Owns the HTTP side only; what is another's is answered 404. The routes of marketers are in campaign_endpoints.py, those of clerks in till_endpoints.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import allow
from app.security.asking import asker_of
from app.security.audit import journal
from app.security.policies.contracts import Action
from app.security.principals import Principal, Role
from offers import audience_endpoints, campaign_endpoints, facade, till_endpoints
from offers.contracts import CouponView, DecisionView, LiveCoupon
from offers.errors import CouponNotLive, NoSuchCoupon, NoSuchDecision
from offers.reasons import Audience
from offers.settings import settings_of

router = APIRouter(tags=["offers"])
router.include_router(campaign_endpoints.router)
router.include_router(audience_endpoints.router)
router.include_router(till_endpoints.router)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Reader = Annotated[Principal, Depends(allow(Role.SHOPPER, Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
MaybeId = Annotated[str | None, Query(min_length=1, max_length=80)]


def audience_of(caller: Principal) -> Audience:
    return Audience.SHOPPER if caller.kind is Role.SHOPPER else Audience.MARKETER


def _may_read(caller: Principal, decision: DecisionView | None) -> DecisionView:
    if decision is None or (caller.kind is Role.SHOPPER and decision.shopper_id != caller.id):
        raise NoSuchDecision
    return decision


@router.get("/v1/coupons")
def my_coupons(caller: Shopper, call: Reading) -> Response:
    """Your wallet: usable coupons first by their end, then those used or expired in the last 30 days."""
    response = call.run(lambda session: {"coupons": facade.wallet(session, caller.id, call.clock.now(), with_codes=caller.holds_key)})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/v1/coupons/{coupon_id}")
def my_coupon(coupon_id: Id, caller: Shopper, call: Reading) -> Response:
    """One coupon of yours, with its code."""

    def work(session: Session) -> CouponView:
        found = facade.coupon(session, coupon_id, with_code=caller.holds_key)
        if found is None or found.shopper_id != caller.id:
            raise NoSuchCoupon
        return found

    response = call.run(work)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/v1/coupons/{coupon_id}/live")
def live_coupon(coupon_id: Id, caller: Shopper, call: Reading) -> Response:
    """Your coupon as this phone shows it at a till: signed, with a code that changes, and what makes the next ones offline."""

    def work(session: Session) -> LiveCoupon:
        found = facade.coupon(session, coupon_id, with_code=False)
        if found is None or found.shopper_id != caller.id:
            raise NoSuchCoupon
        asker_of(call.request).allow(session, Action.SEE_OFFER, at=call.clock.now())
        chosen = settings_of(call)
        shown = facade.live_coupon(
            session,
            coupon_id,
            device_id=caller.device_id or caller.id,
            at=call.clock.now(),
            ttl_s=chosen.signed_coupon_ttl_s,
            live_code_required=chosen.live_code_required,
            live_code_above_minor=chosen.live_code_above_minor,
            till_offline_most_minor=chosen.till_offline_most_minor,
        )
        if shown is None:
            raise CouponNotLive
        return shown

    response = call.run(work)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/offers/{coupon_id}/fewer")
def fewer_like_this(coupon_id: Id, caller: Shopper, call: Command) -> Response:
    """Fewer like this: its campaign keeps quiet for 30 days; asked twice, for good. The coupon stays yours."""
    return call.run(
        lambda session: {
            "times": facade.fewer_like(session, shopper_id=caller.id, coupon_id=coupon_id, at=call.clock.now())
        }
    )


@router.get("/v1/decisions")
def list_decisions(
    caller: Reader,
    call: Reading,
    campaign_id: MaybeId = None,
    moment_id: MaybeId = None,
    outcome: Literal["offer", "withheld"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Decisions, newest first: a shopper's own; everybody's for marketer and operator."""
    own = caller.id if caller.kind is Role.SHOPPER else None

    def work(session: Session) -> object:
        found = facade.decisions(
            session,
            shopper_id=own,
            campaign_id=campaign_id,
            moment_id=moment_id,
            outcome=outcome,
            limit=limit,
            audience=audience_of(caller),
        )
        return {"decisions": found}

    return call.run(work)


@router.get("/v1/decisions/{decision_id}")
def one_decision(decision_id: Id, caller: Reader, call: Reading) -> Response:
    """One decision with all its reasons, passed and failed."""

    def work(session: Session) -> DecisionView:
        found = _may_read(caller, facade.decision(session, decision_id, audience_of(caller)))
        journal.looked_at(session, "decision", by=caller, about=found.shopper_id, of=decision_id, at=call.clock.now())
        return found

    return call.run(work)


@router.get("/v1/explain/{any_id}")
def explain(any_id: Id, caller: Reader, call: Reading) -> Response:
    """Why did I get this, why not? By the id of a decision, coupon, redemption, order or moment."""

    def work(session: Session) -> object:
        found = facade.explanation(session, any_id, audience=audience_of(caller), at=call.clock.now())
        _may_read(caller, found.decision)
        journal.looked_at(session, "explanation", by=caller, about=found.decision.shopper_id, of=any_id, at=call.clock.now())
        return found

    return call.run(work)

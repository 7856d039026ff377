"""The clerk's page: type or scan a code, see green or red, undo within the minute.

Owns turning what `offers` says into one large answer. Must not decide whether a coupon is good, and must never show who
the shopper is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.kernel.money import Money, decimals_of
from app.security.access import Principal, Role, allow, spend_at
from app.security.asking import asker_of
from app.web import rendering
from app.web.amounts import minor_of
from app.web.browser import asked_by_htmx
from app.web.forms import Fields
from geofences import facade as geofences
from geofences.contracts import Place
from offers import facade as offers
from offers.contracts import TillRedemption

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]

TITLES = {
    "coupon_already_redeemed": "Already used",
    "coupon_expired": "Expired",
    "coupon_revoked": "Withdrawn",
    "coupon_reserved": "In an online order",
    "place_not_covered": "Not for this store",
    "code_unknown": "Unknown code",
    "code_mistyped": "Mistyped",
    "scan_refused": "Not taken",
    "not_your_store": "Not your store",
    "live_code_needed": "Ask for the phone",
    "live_code_late": "Too old",
    "live_code_early": "A clock is wrong",
    "live_code_wrong": "Another phone's code",
    "signed_code_forged": "Not genuine",
    "signed_code_key_revoked": "Open it again",
    "signed_code_key_unknown": "Open it again",
    "signed_code_outdated": "Open it again",
    "signed_code_truncated": "Scan it once more",
    "signed_code_malformed": "Scan it once more",
    "too_many_requests": "Too many tries",
    "policy_refused": "Not allowed now",
    "insufficient_user_authentication": "Sign in again",
    "undo_too_late": "Too late to undo",
    "already_undone": "Already undone",
}


HOW_MUCH = "What does it take off?"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the clerk sees. `code` is `redeemed`, `undone` or the code of the refusal."""

    good: bool
    code: str
    title: str
    text: str
    benefit: str = ""
    redemption_id: str = ""
    undo_until: datetime | None = None
    left: str = ""


def _stores(session: Session, caller: Principal) -> list[Place]:
    found = geofences.places_by_ids(session, list(caller.place_ids))
    return sorted(found.values(), key=lambda p: p.name)


def _frame(session: Session, call: Any, caller: Principal) -> dict[str, Any]:
    """Sums are typed in the house's own currency."""
    currency = call.app.settings.storefront.currency
    return {"places": _stores(session, caller), "currency": currency, "digits": decimals_of(currency)}


def _answer(request: Request, call: Any, caller: Principal, outcome: Outcome, place_id: str = "") -> Response:
    if asked_by_htmx(request):
        return rendering.fragment("till/result.part.html", {"result": outcome})
    with call.database.reading() as session:
        context = _frame(session, call, caller) | {"place_id": place_id, "result": outcome}
    return rendering.page(request, "till/till.html", context, wasm=True)


@router.get("/till")
def till_page(request: Request, caller: Clerk, call: Reading) -> Response:
    """One field, ready for a scanner that types."""
    with call.database.reading() as session:
        context = _frame(session, call, caller) | {"place_id": "", "result": None}
    return rendering.page(request, "till/till.html", context, wasm=True)


@router.post("/till/redeem")
def redeem(request: Request, caller: Scanner, call: Command, form: Fields) -> Response:
    """Redeem once. The second time is answered with when and where the first was; that too is an answer, not a crash."""
    place_id = form.text("place_id", most=80)
    outcome = _redeem(call, caller, form.text("code", most=700), place_id, form.text("discount", most=20))
    return _answer(request, call, caller, outcome, place_id)


def _redeem(call: Any, caller: Principal, code: str, place_id: str, discount: str) -> Outcome:
    if not code:
        return Outcome(False, "code_missing", "No code", "Scan the coupon, or type its 16 letters and digits.")
    if place_id not in caller.place_ids:
        return Outcome(False, "not_your_store", TITLES["not_your_store"], "You can redeem coupons only for a store you work at.")
    currency = call.app.settings.storefront.currency
    try:
        given_minor = minor_of(discount, currency) if discount else None
    except ValueError as remedy:
        return Outcome(False, "sum_mistyped", HOW_MUCH, f"Type the sum as {remedy}, and scan once more.")

    def work(session: Session) -> TillRedemption:
        chosen = call.app.settings.offers
        return offers.redeem_at_till(
            session,
            code=code,
            place_id=place_id,
            clerk_id=caller.id,
            at=call.clock.now(),
            discount_minor=given_minor,
            discount_currency=currency,
            undo_s=chosen.undo_s,
            live_code_required=chosen.live_code_required,
            live_code_above_minor=chosen.live_code_above_minor,
            asker=asker_of(call.request),
        )

    try:
        target = offers.live_target(code)
        if target is not None:
            spend_at(call.request, "live_code", target)
        answer = json.loads(bytes(call.run(work).body))  # of this press, or the stored one if the press was sent twice
    except AppError as refusal:
        if refusal.extra.get("sum_would_do"):
            return Outcome(False, "sum_needed", HOW_MUCH, "Small amounts can be taken: type the sum, then scan the phone once more.")
        if isinstance(refusal, Invalid):
            [wrong, *_] = refusal.fields
            return Outcome(False, "sum_mistyped", HOW_MUCH, f"Look at the sum: {wrong.remedy}.")
        title = TITLES.get(str(refusal.extra.get("reason"))) or TITLES.get(refusal.code, "Not redeemed")
        return Outcome(False, refusal.code, title, refusal.detail)
    with call.database.reading() as session:
        place = geofences.place(session, answer["place_id"])
    undo_until = datetime.fromisoformat(answer["undo_until"])
    seconds = max(0, int((undo_until - call.clock.now()).total_seconds()))
    text = f"{answer['title']}, in {place.name}." if place else answer["title"]
    if given_minor is not None:
        text += f" {Money(given_minor, currency).display('en_IE')} taken off."
    return Outcome(True, "redeemed", "Redeemed", text, answer["benefit_text"], answer["redemption_id"], undo_until, f"{seconds} s")


@router.post("/till/redemptions/{redemption_id}/undo")
def undo(request: Request, redemption_id: Annotated[str, Path(min_length=1, max_length=80)], caller: Clerk, call: Command) -> Response:
    """Take it back within the minute."""

    def work(session: Session) -> dict[str, bool]:
        undo_s = call.app.settings.offers.undo_s
        asker = asker_of(call.request)
        offers.undo_at_till(session, redemption_id=redemption_id, clerk_id=caller.id, at=call.clock.now(), undo_s=undo_s, asker=asker)
        return {"undone": True}

    try:
        call.run(work)
        outcome = Outcome(True, "undone", "Undone", "The coupon is good again.")
    except AppError as refusal:
        outcome = Outcome(False, refusal.code, TITLES.get(refusal.code, "Not undone"), refusal.detail)
    return _answer(request, call, caller, outcome)

"""Her membership on the phone: what there is to join, what she has, and every step of it in one tap.

Owns the page and its forms. Must not reckon or believe the browser: what is true comes from the provider by the storefront.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.kernel.errors import AppError, Invalid, NotFound
from app.kernel.http import Command, Reading, Stage
from app.kernel.ids import new_id
from app.security.access import ANYONE, Principal, Role, allow
from app.security.asking import asker_of
from app.security.errors import StepUpNeeded
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields, Form
from app.web.shopper.checkout import address_of, card_choices, means_of
from app.web.shopper.frame import OUTSIDE, frame
from storefront import facade as storefront
from storefront.facade import membership_changes as changing
from storefront.facade import membership_steps as steps

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
PlanId = Annotated[str, Query(max_length=30, pattern=r"^[a-z0-9_]*$")]

HOME, BACK = "/m/membership", "/m/membership/back"
ACTS: dict[str, Callable[[storefront.Shop, str], None]] = {"pause": changing.pause, "resume": changing.resume, "leave": changing.leave, "stay": changing.stay}
WAITS_FOR_CARD = ("starting", "incomplete")


@router.get("/m/membership")
def membership(request: Request, caller: Shopper, call: Reading, plan: PlanId = "", change: PlanId = "", look: bool = False) -> Response:
    """What she has, or can have. `plan`: she wants to join that; `change`: she wants to know what changing to it costs."""
    if look:
        with suppress(AppError):  # the provider does not answer now, or it is over: the page says how it is
            _look(call.app.shop, caller)
    return _page(request, caller, call, "", plan=plan, change=change)


@router.get("/m/membership/back")
def back_from_bank(request: Request, _caller: Annotated[Principal, Depends(allow(ANYONE))]) -> Response:
    """Where her bank sends her. Coming from another site the browser withholds the session, so one step more is needed."""
    return rendering.page(request, "shopper/back.html", OUTSIDE | {"address": f"{HOME}?look=1"}, frame_self=True)


@router.post("/m/membership/join")
def join(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Become a member of a plan at the price the page showed."""
    shop: storefront.Shop = call.app.shop
    currency, plan_id = form.matching("currency", r"[A-Z]{3}", such_as="EUR"), form.matching("plan_id", r"[a-z][a-z0-9_]{0,29}", such_as="gold")
    price_minor = form.whole("amount_minor", least=1, most=10_000_000)
    asked = steps.Joining(caller.id, plan_id, currency, price_minor, _means(form), address_of(request, BACK), asker_of(request))
    return _step(request, caller, call, lambda key: steps.join(shop, key, asked), plan=plan_id)


@router.post("/m/membership/card")
def card(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Pay what is open with this card, and everything from then on."""
    shop, means = call.app.shop, _means(form)
    with call.database.reading() as session:
        found = storefront.memberships(session, caller.id, at=call.clock.now()).membership
    if found is None:
        raise NotFound
    first = found.state in WAITS_FOR_CARD
    act = steps.go_on if first else steps.other_card

    def work(key: str) -> steps.Step:
        steps.ask_to_pay(shop, asker_of(request), caller.id)
        return act(shop, found.id, means, return_url=address_of(request, BACK), key=key)

    return _step(request, caller, call, work)


@router.post("/m/membership/change")
def change(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Another plan, at what the page said it costs."""
    shop: storefront.Shop = call.app.shop
    plan_id, due_minor = form.matching("plan_id", r"[a-z][a-z0-9_]{0,29}", such_as="gold"), form.whole("due_minor", least=0, most=10_000_000)
    try:
        priced_at = datetime.fromisoformat(form.text("priced_at", most=40))
    except ValueError:
        raise Invalid.field("priced_at", "as the page has it") from None

    def work(_key: str) -> None:
        changing.change(shop, caller.id, plan_id, expected_due_minor=due_minor, priced_at=priced_at, asker=asker_of(request))

    return _step(request, caller, call, work, change=plan_id)


@router.post("/m/membership/act")
def act(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Rest, go on, leave, or stay after all: one tap each."""
    wanted = form.text("act", most=10)
    if wanted not in ACTS:
        raise Invalid.field("act", f"one of {', '.join(ACTS)}")
    return _step(request, caller, call, lambda _key: ACTS[wanted](call.app.shop, caller.id))


def _means(form: Form) -> steps.Means:
    chosen = means_of(form)
    return steps.Means(chosen["method"], chosen.get("kept_id"))


def _look(shop: storefront.Shop, caller: Principal) -> None:
    with shop.database.reading() as session:
        found = storefront.memberships(session, caller.id, at=shop.now()).membership
    if found is not None and found.ended_at is None:
        steps.look(shop, found.id)


def _step(request: Request, caller: Principal, call: Any, work: Callable[[str], steps.Step | None], *, plan: str = "", change: str = "") -> Response:
    """Do it once for its key, then show how it stands, or send her to her bank."""
    came: list[steps.Step | None] = []

    def staged(stage: Stage) -> None:
        came.append(work(stage.key or new_id("att")))
        with call.database.transaction() as session:
            stage.finish(session, {"done": True})

    try:
        call.staged(staged)
    except AppError as refusal:
        if refusal.status == 503 or isinstance(refusal, StepUpNeeded):
            raise
        return _page(request, caller, call, refusal.detail, status=refusal.status, plan=plan, change=change)
    step = came[0] if came else None
    waits = (step.payment or step.setup) if step is not None else None
    if waits is not None and waits.action_url is not None:
        return _page(request, caller, call, "", next_url=waits.action_url)
    if waits is not None and waits.decline is not None:
        return _page(request, caller, call, storefront.sentence(waits.decline) or "", status=402)
    return go_to(request, HOME)


def _page(request: Request, caller: Principal, call: Any, trouble: str, *, status: int = 200, plan: str = "", change: str = "", next_url: str = "") -> Response:
    shop, at = call.app.shop, call.clock.now()
    price = None
    if change and not trouble:
        try:
            price = changing.price_change(shop, caller.id, change)
        except AppError as refusal:
            trouble = refusal.detail
    with call.database.reading() as session:
        found = storefront.memberships(session, caller.id, at=at)
        context = frame(session, caller.id, "me", at) | card_choices(session, call, caller)
    mine = found.membership if found.membership is not None and found.membership.ended_at is None else None
    context |= {
        "plans": found.plans, "mine": mine, "last": found.membership, "trouble": trouble, "next_url": next_url, "currency": mine.currency if mine else shop.settings.currency,
        "wanted": next((one for one in found.plans if one.id == plan and mine is None), None), "to": next((one for one in found.plans if one.id == change), None),
        "price": price, "waits_for_card": mine is not None and mine.state in WAITS_FOR_CARD, "keepless": True, "anew": mine is not None and changing.costs_to_go_on(shop, caller.id),
    }  # fmt: skip
    return rendering.page(request, "shopper/membership.html", context, status=status, frame_self=True)

"""Paying on the phone, and the order afterwards, which turns to paid when the provider's word has come.

Owns the payment form and the order page. Must not believe the browser: an order is paid when its state says so. In the
demo the card is chosen from the provider's test cards; no card number is ever asked for or taken here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid, NotFound
from app.kernel.http import Command, CommandCall, Reading, Stage
from app.privacy.consents import consents
from app.privacy.purposes import Purpose
from app.security.access import ANYONE, Principal, Role, allow
from app.security.asking import asker_of
from app.security.errors import StepUpNeeded
from app.web import rendering
from app.web.browser import asked_by_htmx, go_to
from app.web.forms import Fields, Form
from app.web.shopper.booking import SAID, Said, shown
from app.web.shopper.frame import OUTSIDE, frame
from app.web.shopper.shop import quote_now
from storefront import facade as storefront
from storefront.contracts import OrderDetail, OrderState
from storefront.facade import at_counter, payment_methods

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_]+$")]


@dataclass(frozen=True, slots=True)
class TestCard:
    """One of the provider's published test payment methods."""

    method: str
    number: str
    what: str


TEST_CARDS = (
    TestCard("pm_card_visa", "4242 4242 4242 4242", "Goes through"),
    TestCard("pm_card_authenticationRequired", "4000 0027 6000 3184", "The bank asks whether it is you (3-D Secure)"),
    TestCard("pm_card_chargeDeclined", "4000 0000 0000 0002", "The bank declines"),
    TestCard("pm_card_chargeDeclinedInsufficientFunds", "4000 0000 0000 9995", "Not enough money on it"),
)


def _cards(call: Any) -> tuple[TestCard, ...]:
    return TEST_CARDS if call.app.settings.demo else ()


def means_of(form: Form) -> dict[str, Any]:
    """What she pays with: a card she has kept, or another, which may be kept."""
    box = "other_method" if form.text("payment_method") == "other" else "payment_method"
    chosen = form.matching(box, r"[A-Za-z0-9_]{3,120}", such_as="pm_card_visa")
    if payment_methods.is_kept(chosen):
        return {"method": None, "kept_id": chosen}
    return {"method": chosen, "keep": form.ticked("keep")}


def card_choices(session: Session, call: Any, caller: Principal) -> dict[str, Any]:
    """What `means.part.html` offers."""
    kept = payment_methods.methods(session, caller.id, call.clock.now())
    return {"kept": kept, "cards": _cards(call), "full": len(kept) >= payment_methods.MOST_METHODS, "keepless": False}


def address_of(request: Request, path: str) -> str:
    """The absolute address of a path of this site."""
    return str(request.base_url).rstrip("/") + path


# --- paying -----------------------------------------------------------------------------------------------------------


def _pay_context(call: Any, caller: Principal, trouble: str) -> dict[str, Any]:
    with call.database.transaction() as session:
        quote = quote_now(session, call.app.shop, caller.id, call.clock.now())
        return {"quote": quote, "trouble": trouble} | card_choices(session, call, caller)


@router.get("/m/pay")
def pay_page(request: Request, caller: Shopper, call: Reading) -> Response:
    """What it comes to, and how to pay."""
    context = _pay_context(call, caller, "")
    with call.database.reading() as session:
        context |= frame(session, caller.id, "cart", call.clock.now())
    return rendering.page(request, "shopper/pay.html", context, frame_self=True)


@router.post("/m/pay")
def pay(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Order and pay. With the page's script the form carries an Idempotency-Key, so a second press does nothing more."""
    shop: storefront.Shop = call.app.shop
    expected_minor = form.whole("expected_total_minor", least=0, most=10**12)
    balance_minor = form.whole("balance_minor", least=0, most=10**12, default=0)
    cash = form.text("pay_by", most=20)
    means: dict[str, Any] = {"method": None} if cash or balance_minor == expected_minor else means_of(form)  # nothing is left for a card
    if cash:
        means["pay_by"] = _cash_way(cash)
    back = address_of(request, "/m/orders/back")

    def work(stage: Stage) -> None:
        at_counter.check_out(shop, stage, caller.id, **means, return_url=back, expected_total_minor=expected_minor, asker=asker_of(request), expected_balance_minor=balance_minor)

    try:
        answer = call.staged(work)
    except AppError as refusal:
        if refusal.status == 503 or isinstance(refusal, StepUpNeeded):
            raise
        context = _pay_context(call, caller, refusal.detail)
        if asked_by_htmx(request):
            return rendering.fragment("shopper/pay.part.html", context)
        with call.database.reading() as session:
            context |= frame(session, caller.id, "cart", call.clock.now())
        return rendering.page(request, "shopper/pay.html", context, status=refusal.status, frame_self=True)
    return go_to(request, f"/m/orders/{_order_id(answer)}")


def _cash_way(told: str) -> at_counter.PayBy:
    if told not in (at_counter.PayBy.CASH_ON_DELIVERY, at_counter.PayBy.PAY_AT_TILL):
        raise Invalid.field("pay_by", "one of the ways the page offers")
    return at_counter.PayBy(told)


def _order_id(answer: Response) -> str:
    return json.loads(bytes(answer.body))["detail"]["order"]["id"]


# --- the order --------------------------------------------------------------------------------------------------------


@router.get("/m/orders/back")
def back_from_bank(request: Request, _caller: Annotated[Principal, Depends(allow(ANYONE))]) -> Response:
    """Where the bank sends her. Coming from another site the browser withholds the session, so one step more is needed."""
    return rendering.page(request, "shopper/back.html", OUTSIDE | {"address": "/m/orders/last"}, frame_self=True)


@router.get("/m/orders/last")
def last_order(request: Request, caller: Shopper, call: Reading) -> Response:
    """Her newest order."""
    with call.database.reading() as session:
        newest = storefront.orders(session, caller.id, limit=1)
    return go_to(request, f"/m/orders/{newest[0].id}" if newest else "/m/me")


@router.get("/m/orders/{order_id}")
def order_page(request: Request, order_id: Id, caller: Shopper, call: Reading, part: Annotated[str, Query(max_length=5)] = "", said: Said = "") -> Response:
    """An order. While the money is not yet true the page asks again by itself."""
    context = _order_context(call, caller, order_id, look=not part) | {"said": SAID.get(said, "")}
    if part:
        return rendering.fragment("shopper/order.part.html", context)
    with call.database.reading() as session:
        context |= frame(session, caller.id, "me", call.clock.now())
    return rendering.page(request, "shopper/order.html", context, frame_self=True)


def _own_order(call: Any, caller: Principal, order_id: str) -> OrderDetail:
    with call.database.reading() as session:
        found = storefront.order(session, order_id)
    if found is None or found.order.shopper_id != caller.id:
        raise NotFound
    return found


def _order_context(call: Any, caller: Principal, order_id: str, *, look: bool) -> dict[str, Any]:
    """`look` asks the provider too (a page that is opened); the page's own polling only reads the order."""
    detail = _own_order(call, caller, order_id)
    payment = None
    if look and detail.order.state is OrderState.PENDING:
        try:
            payment = at_counter.payment_now(call.app.shop, order_id)
        except AppError:
            payment = None  # the provider does not answer now; the page asks again
    pending = detail.order.state is OrderState.PENDING
    next_url = payment.action_url if payment is not None and pending else None
    wants_card = pending and (payment.state == "needs_method" if payment is not None else detail.exchange_of is not None)  # of an exchange nothing was begun before
    return {
        "order": detail.order,
        "lines": detail.lines,
        "coupons": detail.coupons,
        "refunds": detail.refunds,
        "points": detail.points,
        "collection": detail.collection,
        "bookings": detail.bookings,
        "shipments": detail.shipments,
        "disputes": detail.disputes,
        "cash": detail.cash,
        "waits": _waits(detail),
        "taxes": detail.taxes,
        "balance_minor": detail.balance_minor,
        "exchange_of": detail.exchange_of,
        "exchanged_into": detail.exchanged_into,
        "expires_at": detail.expires_at,
        "papers": storefront.papers_of(call.app.shop, order_id),
        "next_url": next_url,
        "trouble": (detail.decline_text if wants_card else None if detail.exchanged_into else detail.close_text) or "",
        "wants_card": wants_card,
        "said": "",
        "settled": not pending or bool(next_url) or wants_card,
    } | _beside(call, caller, detail)


def _waits(detail: OrderDetail) -> bool:
    """Something of it is still to come, so that the page looks again."""
    if detail.order.state not in (OrderState.PAID, OrderState.CONFIRMED):
        return False
    if any(one.state == "booked" for one in detail.bookings):
        return True
    fetched = detail.collection is not None and detail.collection.state != "handed_over"
    ended = [parcel.state not in ("packed", "handed_over", "out_for_delivery") for parcel in detail.shipments]
    if detail.order.state is OrderState.CONFIRMED:
        return True
    return fetched or not all(ended) or (not ended and detail.delivery is not None and detail.delivery.held)


def _beside(call: Any, caller: Principal, detail: OrderDetail) -> dict[str, Any]:
    """What she asked to give back, the gift cards and files she bought, when and where it is brought, and the times it may be moved to, by day."""
    order_id, at = detail.order.id, call.clock.now()
    with call.database.reading() as session:
        returning = at_counter.return_request(session, order_id, at=at)
        gift_cards = at_counter.gift_cards(session, order_id, caller.id) if detail.order.state is OrderState.PAID else ()
        downloads = storefront.downloads(session, call.app.shop, order_id, caller.id)
        found = at_counter.planned(session, order_id, caller.id, at)
        appointments = shown(storefront.booking_desk.appointments_of(session, order_id, caller.id, at)) if detail.bookings else []
        news = next(view for view in consents(session, caller.id, at) if view.purpose == Purpose.ORDER_NEWS)
        choices = card_choices(session, call, caller)
    others: dict[str, list[Any]] = {}
    for other in found.others if found is not None else ():
        others.setdefault(f"{other.slot.day:%A} {other.slot.day.day} {other.slot.day:%B}", []).append(other)
    return {"returning": returning, "gift_cards": gift_cards, "downloads": downloads, "plan": found, "others": others, "appointments": appointments, "news": news} | choices


@router.post("/m/orders/{order_id}/slot")
def move(request: Request, order_id: Id, caller: Shopper, call: Command, form: Fields) -> Response:
    """At another time."""
    slot_id = form.text("slot_id", most=60)

    def work(session: Session) -> dict[str, str]:
        at_counter.move_slot(session, order_id, caller.id, slot_id, at=call.clock.now())
        return {"slot_id": slot_id}

    try:
        call.run(work)
    except NotFound as refusal:
        if refusal.code == "unknown_order":
            raise
        return _moved_not(request, call, caller, order_id, refusal)
    except AppError as refusal:
        return _moved_not(request, call, caller, order_id, refusal)
    return go_to(request, f"/m/orders/{order_id}")


def _moved_not(request: Request, call: Any, caller: Principal, order_id: str, refusal: AppError) -> Response:
    """Somebody was faster, or it is too late: the order as it stands, and why."""
    context = _order_context(call, caller, order_id, look=False) | {"trouble": refusal.detail}
    with call.database.reading() as session:
        context |= frame(session, caller.id, "me", call.clock.now())
    return rendering.page(request, "shopper/order.html", context, status=refusal.status, frame_self=True)


@router.post("/m/orders/{order_id}/pay")
def pay_again(request: Request, order_id: Id, caller: Shopper, call: Command, form: Fields) -> Response:
    """Another card."""
    shop: storefront.Shop = call.app.shop
    means = means_of(form)
    back = address_of(request, "/m/orders/back")
    return _then_order(request, call, order_id, lambda stage: at_counter.pay_again(shop, stage, caller.id, order_id, **means, return_url=back, asker=asker_of(request)))


@router.post("/m/orders/{order_id}/refresh")
def refresh(request: Request, order_id: Id, caller: Shopper, call: Command) -> Response:
    """Ask the provider now."""
    shop: storefront.Shop = call.app.shop
    return _then_order(request, call, order_id, lambda stage: at_counter.refresh(shop, stage, caller.id, order_id))


@router.post("/m/orders/{order_id}/cancel")
def cancel(request: Request, order_id: Id, caller: Shopper, call: Command) -> Response:
    """Give up an unpaid order."""
    shop: storefront.Shop = call.app.shop
    return _then_order(request, call, order_id, lambda stage: at_counter.cancel(shop, stage, caller.id, order_id))


def _then_order(request: Request, call: CommandCall, order_id: str, work: Any) -> Response:
    call.staged(work)
    return go_to(request, f"/m/orders/{order_id}")

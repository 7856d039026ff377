"""The shop on the phone: search, a product, the cart with its coupon and what it costs now.

Owns these forms and pages. Must not price anything: every sum comes from the storefront's quote.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote as as_part

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, NotFound
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import asked_by_htmx, go_to
from app.web.forms import Fields
from app.web.shopper import sponsored
from app.web.shopper.booking import picker
from app.web.shopper.cards import usable
from app.web.shopper.frame import cards_of, frame, joined_lately, ready_coupons
from app.web.shopper.reviews import of_product
from geofences import facade as geofences
from notifications import facade as notifications
from offers import facade as offers
from storefront import facade as storefront
from storefront.contracts import ProductDetail
from storefront.facade import at_counter

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
CodeHolder = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="coupon_code"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
Word = Annotated[str, Query(max_length=200)]
SHOWN = 60
REVIEWS_SHOWN = 5
NO_TIME = ("choose_time", "unknown_slot")
"""Why a service is not in the cart yet: its page says when it can be booked."""


@router.get("/m/shop")
def shop(
    request: Request,
    caller: Shopper,
    call: Reading,
    q: Word = "",
    category: Word = "",
    coupon: Word = "",
    sort: Annotated[storefront.Sort, Query()] = "best",
    in_stock: Annotated[bool, Query()] = False,
    option: Annotated[str, Query(max_length=130)] = "",
) -> Response:
    """Search, categories and what can be chosen. `coupon` lays one of hers into the cart on the way, so that she sees what it gives."""
    at = call.clock.now()
    if coupon:
        _lay_in(call, caller.id, coupon, at)
    with call.database.reading() as session:
        applied = _applied(session, caller.id, at)
        found = storefront.find_products(session, _asked(q, category, sort, in_stock, option))
        context = frame(session, caller.id, "shop", at) | {
            "found": found,
            "ratings": storefront.reviews.ratings(session, [item.id for item in found.products]),
            "kept": {"q": q, "category": category, "sort": sort if sort != "best" else "", "in_stock": "true" if in_stock else "", "option": option},
            "categories": storefront.categories(session),
            "query": q,
            "category": category,
            "applied": applied,
        }
    context |= sponsored.beside(call, caller.id, category=category, query=q)
    return rendering.page(request, "shopper/shop.html", context, frame_self=True)


def _asked(q: str, category: str, sort: storefront.Sort, in_stock: bool, option: str) -> storefront.Asked:
    name, colon, value = option.partition(":")
    options = {name: value} if colon and name and value else {}
    return storefront.Asked(q, category or None, in_stock=in_stock, options=options, sort=sort, limit=SHOWN)


def _lay_in(call: Any, shopper_id: str, coupon_id: str, at: datetime) -> None:
    """Only one of her own that is good; anything else is passed over, the shop opens all the same."""
    with call.database.transaction() as session:
        found = offers.coupon(session, coupon_id, with_code=False)
        if found is not None and found.shopper_id == shopper_id and usable(found, at):
            try:
                at_counter.put_coupon(session, call.app.shop, shopper_id, coupon_id, at=at, beside=True)
            except AppError:  # it does not go with those that lie there: it is the one she chose now
                at_counter.put_coupon(session, call.app.shop, shopper_id, coupon_id, at=at)


def _applied(session: Session, shopper_id: str, at: datetime) -> Any:
    laid = storefront.cart(session, shopper_id).coupon_ids
    found = offers.coupon(session, laid[-1], with_code=False) if laid else None
    return cards_of(session, [found], at)[0] if found is not None and usable(found, at) else None


@router.get("/m/shop/{product_id}")
def product(
    request: Request, product_id: Id, caller: Shopper, call: Reading, reported: Annotated[bool, Query()] = False, place: Word = "", day: Word = "", gone: Annotated[bool, Query()] = False
) -> Response:
    """One product, with what others wrote of it; of a service when it can be booked (`place` and `day` as she has chosen; `gone`: what she chose cannot be)."""
    at = call.clock.now()
    with call.database.reading() as session:
        found = storefront.product_detail(session, product_id)
        if found is None:
            raise NotFound
        stores = {place.id: place.name for place in geofences.places_by_ids(session, {shelf.place_id for shelf in found.shelves}).values()}
        context = frame(session, caller.id, "shop", at) | {"item": found.product, "found": found, "stores": stores, "names": _labels(found), "reported": reported}
        context["recommended"] = recommended(session, call, caller.id, [found.product.id])
        kinds = [found.product.id, *(one.id for one in found.variants)]
        on_list = storefront.wishes.kept(session, caller.id, kinds)
        context["kept"] = [one for one in kinds if one in on_list]
        context |= {"picker": picker(session, found.product, caller.id, place, day, at), "gone": gone}
        context |= of_product(session, caller.id, found.product.head_id or found.product.id, limit=REVIEWS_SHOWN)
        context["partner"] = storefront.revenue.partner_of(session, found.product.id)
    context |= sponsored.beside(call, caller.id, product_id=product_id)
    return rendering.page(request, "shopper/product.html", context, frame_self=True)


def _labels(found: ProductDetail) -> dict[str, str]:
    """What each variant is called among its siblings."""
    return {v.id: ", ".join(v.options.values()) for v in found.variants}


def recommended(session: Session, call: Any, shopper_id: str, product_ids: Sequence[str] = ()) -> Any:
    """What else she may like, without the allergens she has told our assistant of."""
    at = call.clock.now()
    free_from = notifications.conversations.remembered(session, shopper_id, at).free_from
    return storefront.recommended(session, call.app.shop, shopper_id, product_ids, at=at, free_from=free_from)


# --- cart -------------------------------------------------------------------------------------------------------------


def quote_now(session: Session, shop: Any, shopper_id: str, at: datetime) -> storefront.CartQuote:
    """Today's prices, noted as shown: these may then be paid."""
    return storefront.cart_quote(session, shop, shopper_id, place_id=None, at=at, seen=True)


def _cart(call: Any, caller: Principal, trouble: str = "") -> dict[str, Any]:
    at = call.clock.now()
    with call.database.transaction() as session:
        quote = quote_now(session, call.app.shop, caller.id, at)
        usable_cards = cards_of(session, ready_coupons(session, caller.id, at), at)
        first = next(iter(storefront.payment_methods.methods(session, caller.id, at)), None)
        one_tap = first if first is not None and not first.expired and quote.total_minor and not quote.balance_minor else None
        version = storefront.cart(session, caller.id).version
        return {"quote": quote, "version": version, "usable": usable_cards, "trouble": trouble, "one_tap": one_tap} | joined_lately(session, caller.id, at) | _times(session, call, caller, quote, at)


def _times(session: Session, call: Any, caller: Principal, quote: storefront.CartQuote, at: datetime) -> dict[str, Any]:
    """Where and when the chosen way can bring it, by day, if it is a way that asks."""
    way = next((one for one in quote.delivery if one.chosen and one.slotted), None)
    if way is None:
        return {"times": {}, "addresses": []}
    times: dict[str, list[Any]] = {}
    for free in at_counter.free_slots(session, call.app.shop, caller.id, way.id, at=at):
        times.setdefault(f"{free.slot.day:%A} {free.slot.day.day} {free.slot.day:%B}", []).append(free)
    return {"times": times, "addresses": storefront.address_book.addresses(session, caller.id)}


@router.get("/m/cart")
def cart(request: Request, caller: Shopper, call: Reading) -> Response:
    """The cart with what it costs now and the discount of each line."""
    return _cart_page(request, caller, call)


def _changed(request: Request, caller: Principal, call: CommandCall, trouble: str = "") -> Response:
    if asked_by_htmx(request):
        return rendering.fragment("shopper/cart.part.html", _cart(call, caller, trouble))
    if not trouble:
        return go_to(request, "/m/cart")
    return _cart_page(request, caller, call, trouble)


def cart_part(call: Any, caller: Principal) -> Response:
    """The cart alone, to be put where it stood."""
    return rendering.fragment("shopper/cart.part.html", _cart(call, caller))


def _cart_page(request: Request, caller: Principal, call: Any, trouble: str = "") -> Response:
    context = _cart(call, caller, trouble)
    with call.database.reading() as session:
        context |= frame(session, caller.id, "cart", call.clock.now()) | {"recommended": recommended(session, call, caller.id)}
    return rendering.page(request, "shopper/cart.html", context, status=409 if trouble else 200, frame_self=True)


@router.post("/m/cart/lines")
def add(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """More pieces of a product."""
    product_id = form.text("product_id", most=80)
    quantity = form.whole("quantity", least=1, most=99, default=1)
    slot_id = form.text("slot_id", most=60) or None

    def work(session: Session) -> dict[str, int]:
        at_counter.add_to_cart(session, call.app.shop, caller.id, product_id, quantity, at=call.clock.now(), slot_id=slot_id)
        return {"pieces": at_counter.cart_size(session, caller.id)}

    try:
        call.run(work)
    except AppError as refusal:
        if refusal.code not in NO_TIME:
            raise
        gone = "?gone=true" if slot_id else ""
        return go_to(request, f"/m/shop/{as_part(product_id, safe='')}{gone}")
    if not asked_by_htmx(request):
        return go_to(request, "/m/cart" if form.text("then") == "cart" else "/m/shop")
    with call.database.reading() as session:
        pieces = at_counter.cart_size(session, caller.id)
        item = storefront.product(session, product_id)
    return rendering.fragment("shopper/added.part.html", {"pieces": pieces, "name": item.name if item else "It"})


@router.post("/m/cart/lines/{line_id}")
def set_line(request: Request, line_id: Id, caller: Shopper, call: Command, form: Fields) -> Response:
    """So many pieces in all; none takes the line out."""
    quantity = form.whole("quantity", least=0, most=99)

    def work(session: Session) -> dict[str, int]:
        at_counter.set_quantity(session, caller.id, line_id, quantity, at=call.clock.now())
        return {"quantity": quantity}

    call.run(work)
    return _changed(request, caller, call)


@router.post("/m/cart/coupon")
def set_coupon(request: Request, caller: CodeHolder, call: Command, form: Fields) -> Response:
    """Lay a coupon in beside those that lie there, by `code` or id; or the `best` of hers; or go on `without` one. An empty
    form takes all out."""
    wanted, without = form.text("code", most=64), form.text("without", most=64)
    best = form.ticked("best")

    def work(session: Session) -> dict[str, bool]:
        at = call.clock.now()
        if wanted:
            at_counter.put_coupon(session, call.app.shop, caller.id, wanted, at=at, beside=True)
        elif best:
            at_counter.put_best_coupons(session, call.app.shop, caller.id, at=at)
        else:
            at_counter.take_coupon_out(session, caller.id, at=at, coupon_id=without or None)
        return {"coupon": bool(wanted)}

    try:
        call.run(work)
    except AppError as refusal:
        return _changed(request, caller, call, refusal.detail)
    return _changed(request, caller, call)


@router.post("/m/cart/delivery")
def set_delivery(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """How she wants to get it, and when and where."""
    way = form.text("method", most=40)
    slot_id, address_id = form.text("slot_id", most=60) or None, form.text("address_id", most=40) or None
    collect_at = form.text("collect_at", most=60) or None

    def work(session: Session) -> dict[str, str]:
        at_counter.choose_delivery(session, call.app.shop, caller.id, way, at=call.clock.now(), slot_id=slot_id, address_id=address_id, collect_at=collect_at)
        return {"delivery": way}

    call.run(work)
    return _changed(request, caller, call)

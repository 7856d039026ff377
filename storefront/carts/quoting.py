"""What the cart costs now: today's prices, what is in stock, the delivery, what each coupon gives or why it gives nothing.

Owns joining cart, catalogue, delivery and coupons into one quote. Must not hold or move anything; checkout does, by the same rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geofences import facade as geofences
from offers.contracts import Entitlement, Quote, QuoteLine, Reason
from storefront.balance.accounts import part_of
from storefront.balance.books import available_minor
from storefront.bookings.choosing import SERVICE, Time
from storefront.carts.pricing import Priced
from storefront.carts.repository import Cart, CartLine
from storefront.carts.totals import PricedLine, totals
from storefront.contracts import DELIVERY, ProductView, TaxSum, WayToPay
from storefront.delivery.choosing import Chosen, Wish
from storefront.delivery.choosing import chosen as chosen_of
from storefront.delivery.repository import areas as all_areas
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason, sentence
from storefront.settings import DeliveryMethod, StorefrontSettings
from storefront.taxes.reckoning import by_rate
from storefront.taxes.taxing import taxes_of

DELIVERY_LINE = "delivery"
"""The id of the delivery's line in a quote; those of products begin with `lin_`."""


@dataclass(frozen=True, slots=True)
class TimeOnLine:
    """The time a line is booked at. `left` places of it are free. `needs`: why it cannot be ordered like this, with its words."""

    slot_id: str | None
    place_id: str | None
    place: str
    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str | None
    left: int
    needs: str | None
    needs_text: str | None


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One line at today's price. `seen_unit_minor` is what the shopper was shown before. `time`: when and where, for what is given at a time."""

    line_id: str
    product_id: str
    name: str
    image: str
    category: str
    quantity: int
    unit_minor: int
    seen_unit_minor: int
    gross_minor: int
    discount_minor: int
    in_stock: int
    time: TimeOnLine | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as the shopper last saw it; `code` is price_changed, not_enough_stock or product_gone; of a time time_missing,
    slot_gone or slot_full."""

    code: str
    text: str
    line_id: str
    product_id: str
    name: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class CouponOnCart:
    """A coupon lying in the cart: applied with its share of the discount, what it promises besides and how it came about, or
    refused with every reason."""

    coupon_id: str
    applied: bool
    discount_minor: int
    proof: tuple[str, ...]
    reasons: tuple[Reason, ...]
    title: str = ""
    entitlements: tuple[Entitlement, ...] = ()


@dataclass(frozen=True, slots=True)
class BestCoupons:
    """Of all her coupons, those that together give most on this cart. `proof` says of each other why not; `laid`: they lie
    in the cart already."""

    coupon_ids: tuple[str, ...]
    discount_minor: int
    proof: tuple[str, ...]
    laid: bool


@dataclass(frozen=True, slots=True)
class DeliveryOnCart:
    """A way to get the order, and what it costs; `discount_minor` is what coupons take off that. `slotted`: it is brought to an address at a time
    of her choice, and costs from `price_minor` on until that is chosen. `needs`: what must be chosen before it can be ordered, with its words.
    `stores`: (place, name) from where it can be fetched, `collect_at` the one it is."""

    id: str
    name: str
    price_minor: int
    chosen: bool
    discount_minor: int = 0
    slotted: bool = False
    address_id: str | None = None
    slot_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    timezone: str | None = None
    needs: str | None = None
    needs_text: str | None = None
    collect_at: str | None = None
    stores: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CartQuote:
    """Exact to the minor unit; `currency` is null only when the cart is empty. `subtotal_minor` is everything before discounts,
    the chosen delivery too. `coupon` is the first of `coupons`. `cashback_minor` comes back after paying in the right way.
    `taxes` is what `total_minor` contains, rate by rate; empty where no rate is known.
    `balance_minor` of it her balance would pay. `pay`: the ways to pay it, each with what it would come to; only where cash can be paid at all."""

    currency: str | None
    lines: tuple[QuotedLine, ...]
    subtotal_minor: int
    discount_minor: int
    total_minor: int
    coupon: CouponOnCart | None
    changes: tuple[Change, ...]
    coupons: tuple[CouponOnCart, ...] = ()
    best: BestCoupons | None = None
    delivery: tuple[DeliveryOnCart, ...] = ()
    cashback_minor: int = 0
    taxes: tuple[TaxSum, ...] = ()
    balance_minor: int = 0
    pay: tuple[WayToPay, ...] = ()


def quote_cart(
    session: Session,
    desk: CouponDesk,
    cart: Cart,
    priced: Priced,
    *,
    settings: StorefrontSettings,
    place_id: str | None,
    at: datetime,
) -> CartQuote:
    """What `cart` comes to, `priced` as it is now; a line that is no longer sold is listed as gone and costs nothing."""
    products = priced.products
    there = [(line, products[line.product_id]) for line in cart.lines if line.product_id in products]
    ways = ways_of(settings.delivery, products.values())
    choices = ways_now(session, cart, ways, place_id, at)
    way = delivery_of(cart, ways) or ways[0]
    chosen = next((one for one in choices if one.way == way), None)
    brought = delivery_line(chosen) if there and chosen is not None else None
    lines = (*quote_lines(cart, products), *((brought,) if brought else ()))
    coupons, discounts = _coupons(session, desk, cart, lines, place_id=place_id, at=at)
    each = [PricedLine(line.line_id, line.quantity, line.unit_amount_minor) for line in lines]
    sums = totals(each, discounts)
    stores = _stores(session, priced.times.values())
    quoted = tuple(
        QuotedLine(
            line.id, item.id, item.name, item.image, item.category, line.quantity, item.price_minor, line.seen_unit_minor,
            line.quantity * item.price_minor, sums.discounts[line.id], item.in_stock, _time_on(line, priced.times.get(line.id), stores),
        )
        for line, item in there
    )  # fmt: skip
    return CartQuote(
        cart.currency, quoted, sums.subtotal_minor, sums.discount_minor, sums.total_minor, next(iter(coupons), None), changes(cart, priced),
        coupons, _best(session, desk, cart, lines, place_id=place_id, at=at), _choices(choices, chosen, sums.discounts) if there else (),
        sum(e.amount_minor or 0 for c in coupons for e in c.entitlements),
        by_rate(taxes_of(session, lines, discounts, settings.merchant, at=at)),
        part_of(sums.total_minor, available_minor(session, cart.shopper_id, cart.currency), least_charge_minor=settings.least_charge_minor),
    )  # fmt: skip


def quote_lines(cart: Cart, products: Mapping[str, ProductView]) -> tuple[QuoteLine, ...]:
    """The cart as offers sees it: what is on sale, at today's prices."""
    there = [(line, products[line.product_id]) for line in cart.lines if line.product_id in products]
    return tuple(
        QuoteLine(line.id, item.id, item.category, line.quantity, item.price_minor, head_id=item.head_id, above=item.above) for line, item in there
    )


def _stores(session: Session, times: Iterable[Time]) -> dict[str, str]:
    """Place -> its name, of those where something of the cart is given."""
    wanted = {time.service.place_id for time in times if time.service is not None}
    return {place.id: place.name for place in geofences.places_by_ids(session, sorted(wanted)).values()} if wanted else {}


def _time_on(line: CartLine, time: Time | None, stores: Mapping[str, str]) -> TimeOnLine | None:
    if time is None:
        return None
    slot, of = time.slot, time.service
    return TimeOnLine(
        line.slot_id, of.place_id if of else None, stores.get(of.place_id, of.place_id) if of else "", slot.starts_at if slot else None, slot.ends_at if slot else None, of.calendar.timezone if of else None,
        time.left, time.needs, sentence(time.needs),
    )  # fmt: skip


def changes(cart: Cart, priced: Priced) -> tuple[Change, ...]:
    """Every difference between what the shopper last saw and what is true now, in the order of the lines."""
    out: list[Change] = []
    for line in cart.lines:
        item, time = priced.products.get(line.product_id), priced.times.get(line.id)
        if item is None:
            out.append(_change(StorefrontReason.PRODUCT_GONE, line.id, line.product_id, "", line.quantity, 0))
            continue
        if time is not None and time.needs is not None:
            out.append(_change(time.needs, line.id, item.id, item.name, line.quantity, time.left))
            if time.slot is None:
                continue  # it has no price before a time is chosen
        if item.price_minor != line.seen_unit_minor:
            out.append(_change(StorefrontReason.PRICE_CHANGED, line.id, item.id, item.name, line.seen_unit_minor, item.price_minor))
        if time is None and item.in_stock < line.quantity:
            out.append(_change(StorefrontReason.NOT_ENOUGH_STOCK, line.id, item.id, item.name, line.quantity, item.in_stock))
    return tuple(out)


def _change(code: StorefrontReason, line_id: str, product_id: str, name: str, before: int, now: int) -> Change:
    return Change(code.value, sentence(code) or "", line_id, product_id, name, before, now)


ONLINE = DeliveryMethod(id="online", name="Online")
"""How one gets what is no thing: nothing is brought, and nothing waits in a store."""
AT_STORE = DeliveryMethod(id="at_store", name="At the store")
"""How one gets what is given to her there, and downloads beside it."""


def ways_of(ways: Sequence[DeliveryMethod], products: Collection[ProductView]) -> Sequence[DeliveryMethod]:
    """Those there are for these products."""
    kinds = {item.kind for item in products}
    if not kinds or "physical" in kinds:
        return ways
    return (AT_STORE,) if SERVICE in kinds else (ONLINE,)


def delivery_of(cart: Cart, ways: Sequence[DeliveryMethod]) -> DeliveryMethod | None:
    """The way she chose, or the first; None when what she chose is not offered (any more, or in this currency)."""
    wanted = ways[0].id if ways in ((ONLINE,), (AT_STORE,)) else cart.delivery or ways[0].id
    return next((way for way in ways if way.id == wanted and way.price_minor(cart.currency or "") is not None), None)


def wish_of(cart: Cart, currency: str, here: str | None) -> Wish:
    """What lies in the cart about its delivery."""
    return Wish(cart.shopper_id, currency, cart.slot_id, cart.address_id, cart.collect_at, here)


def ways_now(session: Session, cart: Cart, ways: Sequence[DeliveryMethod], here: str | None, at: datetime) -> tuple[Chosen, ...]:
    """Each way that is offered in the cart's currency, with what of it would be ordered now."""
    wish, areas = wish_of(cart, cart.currency or "", here), all_areas(session)
    return tuple(chosen_of(session, way, wish, at, areas=areas) for way in ways if way.price_minor(cart.currency or "") is not None)


def delivery_line(chosen: Chosen) -> QuoteLine:
    """The delivery as offers sees it: a line of its own, also when it costs nothing."""
    return QuoteLine(DELIVERY_LINE, DELIVERY, DELIVERY, 1, chosen.price_minor, delivery=True)


def _choices(choices: Sequence[Chosen], chosen: Chosen | None, discounts: Mapping[str, int]) -> tuple[DeliveryOnCart, ...]:
    def seen(one: Chosen) -> DeliveryOnCart:
        slot, hers = one.slot, one is chosen
        return DeliveryOnCart(
            one.way.id, one.way.name, one.price_minor, hers, discounts.get(DELIVERY_LINE, 0) if hers else 0, one.slotted,
            one.kept.id if one.kept else None, slot.id if slot else None, slot.starts_at if slot else None, slot.ends_at if slot else None,
            one.area.calendar.timezone if one.area else None, one.needs, sentence(one.needs),
            one.area.place_id if one.stores and one.area else None, tuple((store.place_id or "", store.name) for store in one.stores),
        )  # fmt: skip

    return tuple(seen(one) for one in choices)


def _coupons(
    session: Session, desk: CouponDesk, cart: Cart, lines: tuple[QuoteLine, ...], *, place_id: str | None, at: datetime
) -> tuple[tuple[CouponOnCart, ...], dict[str, int]]:
    """Those in the cart, as they were laid in, and the discount per line id."""
    if not cart.coupon_ids or not lines or cart.currency is None:
        return tuple(CouponOnCart(coupon_id, False, 0, (), ()) for coupon_id in cart.coupon_ids), {}
    answer = desk.quote_together(
        session, coupon_ids=cart.coupon_ids, shopper_id=cart.shopper_id, lines=lines, currency=cart.currency, place_id=place_id, at=at
    )
    seen = {s.coupon_id: CouponOnCart(s.coupon_id, True, s.discount_minor, s.proof, (), s.title, s.entitlements) for s in answer.shares}
    seen |= {r.coupon_id: CouponOnCart(r.coupon_id, False, 0, (), r.reasons) for r in answer.refused if r.coupon_id}
    return tuple(seen[c] for c in cart.coupon_ids if c in seen), discounts_of(answer.shares)


def discounts_of(shares: Sequence[Quote]) -> dict[str, int]:
    """Line id -> what all coupons together take off it."""
    out: dict[str, int] = {}
    for line in (line for share in shares for line in share.lines):
        out[line.line_id] = out.get(line.line_id, 0) + line.discount_minor
    return out


def _best(
    session: Session, desk: CouponDesk, cart: Cart, lines: tuple[QuoteLine, ...], *, place_id: str | None, at: datetime
) -> BestCoupons | None:
    """None when no coupon of hers applies to this cart."""
    if not lines or cart.currency is None:
        return None
    found = desk.best_bundle(session, shopper_id=cart.shopper_id, lines=lines, currency=cart.currency, place_id=place_id, at=at)
    ids = tuple(share.coupon_id for share in found.shares)
    return BestCoupons(ids, found.discount_minor, found.proof, set(ids) == set(cart.coupon_ids)) if ids else None

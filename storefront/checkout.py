"""Checkout: from a cart to an order whose payment is asked for.

Owns the one transaction (T7) in which the cart is claimed, the stock and the slots held, the coupons reserved and the order written, and
the steps around it. The order's id follows from the request's idempotency key: a retry finds the order and goes on where
the first attempt stopped. The provider is spoken to with no transaction open; money is true only by settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.errors import Invalid
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.security.asking import Asker
from geofences import facade as geofences
from offers.contracts import Quote, QuoteLine, Refused
from storefront import guarding, paying
from storefront.addresses import repository as addresses
from storefront.balance import books as balance
from storefront.balance.accounts import part_of
from storefront.bookings import booking as bookings
from storefront.carts import repository as carts
from storefront.carts.pricing import Priced, priced
from storefront.carts.quoting import (
    CartQuote,
    Change,
    changes,
    delivery_line,
    delivery_of,
    discounts_of,
    quote_cart,
    quote_lines,
    ways_of,
    wish_of,
)
from storefront.carts.totals import PricedLine, Totals, payable, totals
from storefront.cash.risk import PayBy
from storefront.catalog.repository import hold
from storefront.contracts import OrderPlaced, OrderState, ProductView
from storefront.delivery import booking
from storefront.delivery.choosing import Chosen, FreeSlot, free_slots
from storefront.delivery.choosing import chosen as chosen_of
from storefront.errors import (
    CartChanged,
    CartEmpty,
    CouponRefused,
    DeliveryIncomplete,
    OutOfStock,
    QuoteChanged,
    TotalTooLarge,
    UnknownCoupon,
    UnknownOrder,
)
from storefront.frozen_lines import write_coupons, write_lines
from storefront.loyalty import benefits
from storefront.memberships import benefits as membership
from storefront.orders import moves
from storefront.orders.models import OrderRow
from storefront.orders.repository import fresh
from storefront.payments import collecting
from storefront.payments.ports import Payment
from storefront.payments.shop import Shop
from storefront.reasons import StorefrontReason, sentence
from storefront.settings import StorefrontSettings
from storefront.taxes import repository as taxes
from storefront.taxes.taxing import taxes_of

DO_NOT_COMBINE = "coupons_do_not_combine"
"""How `offers` says that two coupons may not lie on one cart."""


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """What the shopper asked for. `expected_total_minor` is the sum she was shown, `expected_balance_minor` what of
    it her balance would pay if she wants it used; `method` a payment token, or None to
    confirm in the browser; `kept_id` one she has kept instead, `keep` that this one shall be. `taken_along`: she has it in her hands at a till, where it is paid at once. `asker` is the caller before the rules; None: the house itself, which is not asked."""

    shopper_id: str
    method: str | None
    return_url: str | None
    expected_total_minor: int | None
    place_id: str | None
    asker: Asker | None = None
    use_balance: bool = False
    expected_balance_minor: int | None = None
    kept_id: str | None = None
    keep: bool = False
    pay_by: PayBy = PayBy.ONLINE
    taken_along: bool = False

    @property
    def means(self) -> collecting.Means:
        return collecting.Means(self.method, self.kept_id, self.keep)


def check_out(shop: Shop, key: str, asked: CheckoutOrder) -> tuple[str, Payment | None]:
    """Place the order (once per `key`), begin and, with a method, try its payment. Returns (order id, payment or None).

    Raises UnknownPaymentMethod, CardHasExpired, CartEmpty, CartChanged, QuoteChanged, OutOfStock, CouponRefused, TotalTooLarge with nothing applied;
    GatewayRefused with everything put back; GatewayUnreachable when the same key must be tried again.
    The caller settles the order with the payment in its last transaction.
    """
    order_id = derived_id("ord", key)
    collecting.kept_of(shop, asked.shopper_id, asked.means)  # nothing is placed for a card that cannot pay
    row = asked.asker.informed(lambda asker: _placed(shop, order_id, replace(asked, asker=asker))) if asked.asker else _placed(shop, order_id, asked)
    if row.shopper_id != asked.shopper_id:
        raise UnknownOrder
    pending, free = row.state == OrderState.PENDING, row.total_minor == row.balance_minor
    if free or not pending:
        return order_id, None
    payment = collecting.begin(shop, order_id)
    if asked.method is not None or asked.kept_id is not None or asked.keep:
        payment = collecting.confirm(shop, order_id, payment, means=asked.means, return_url=asked.return_url, key=key)
    return order_id, payment


def _placed(shop: Shop, order_id: str, asked: CheckoutOrder) -> OrderRow:
    with shop.database.transaction() as session:
        return fresh(session, order_id) or place(session, shop, order_id, asked, at=shop.now())


def place(session: Session, shop: Shop, order_id: str, asked: CheckoutOrder, *, at: datetime) -> OrderRow:
    """T7: claim the cart, re-check prices and stock, hold the pieces and the slots, reserve the coupons, write the order. All or nothing."""
    if asked.place_id is not None and geofences.place(session, asked.place_id) is None:
        raise Invalid.field("place_id", "there is no such place; leave it out, or name one of GET /v1/places")
    cart = carts.cart_of(session, asked.shopper_id)
    if not cart.lines or cart.currency is None:
        raise CartEmpty
    cash = None if asked.taken_along else paying.way_of(shop.settings, asked.pay_by)
    if not carts.claim(session, cart, at=at):
        raise CartChanged
    now = priced(session, cart, at)
    products = now.products
    _refuse_changes(changes(cart, now))
    _hold(session, cart, now)
    way = paying.taken_along(cart.currency) if asked.taken_along else _delivery(session, cart, products, shop.settings, asked.place_id, at)
    booking.hold(session, way)
    bookings.hold(session, now.times)
    until = paying.waits_until(cash, way, at) if cash is not None else at + timedelta(seconds=shop.settings.hold_ttl_s)
    goods = (*quote_lines(cart, products), delivery_line(way))
    shares = _reserve(session, shop, order_id, cart, goods, place_id=asked.place_id, at=at, until=until)
    lines = (*goods, *paying.fee_lines(cash, cart.currency))
    sums = totals([PricedLine(line.line_id, line.quantity, line.unit_amount_minor) for line in lines], discounts_of(shares))
    _refuse_total(sums, asked.expected_total_minor)
    if asked.asker is not None:
        guarding.may_order(session, asked.asker, shares, sums, currency=cart.currency, place_id=asked.place_id, at=at)
    coupon_id = cart.coupon_id
    balance_minor = _hold_balance(session, order_id, sums.total_minor, cart.currency, asked, shop.settings, at=at)
    asking = paying.Asking(cart, products.values(), way, asked.place_id)
    if cash is not None:
        paying.may_pay_in_cash(session, cash, asking, sums.total_minor - balance_minor, at=at)
    _write(session, order_id, cart, sums, coupon_id, asked, balance_minor=balance_minor, settings=shop.settings, at=at)
    booking.write(session, order_id, asked.shopper_id, way, at)
    numbers = write_lines(session, order_id, lines, products, sums, way.way, asked.pay_by)
    bookings.write(session, order_id, asked.shopper_id, now.times, numbers)
    taxes.write(session, order_id, taxes_of(session, lines, sums.discounts, shop.settings.merchant, at=at), numbers)
    write_coupons(session, order_id, shares, numbers)
    placed = OrderPlaced(order_id, asked.shopper_id, sums.total_minor, cart.currency, coupon_id, at)
    emit(session, placed, subject=asked.shopper_id)
    if sums.total_minor == balance_minor:
        moves.pay(session, shop.coupons, order_id, at=at)  # nothing to collect: coupons and balance pay for everything
    elif asked.pay_by is not PayBy.ONLINE:
        moves.confirm(session, order_id, asked.pay_by, paying.place_of(asking), until=until, at=at)
    row = fresh(session, order_id)
    if row is None:
        raise LookupError(f"order {order_id} was written but is not there")
    return row


def _refuse_changes(found: tuple[Change, ...]) -> None:
    gone_or_dearer = [c for c in found if c.code != StorefrontReason.NOT_ENOUGH_STOCK]
    if gone_or_dearer:
        detail = "; ".join(f"{c.name or c.product_id}: {c.text}" for c in gone_or_dearer[:3])
        raise QuoteChanged(f"{detail} Ask for a new quote (POST /v1/cart/quote).", extra={"changes": found})


def _hold(session: Session, cart: carts.Cart, now: Priced) -> None:
    """Places at a time are no pieces: those are held by bookings."""
    short = hold(session, {line.product_id: line.quantity for line in cart.lines if line.id not in now.times})
    if short:
        named = [{"product_id": i, "name": now.products[i].name, "in_stock": left} for i, left in short.items()]
        detail = "; ".join(f"{item['name']}: {item['in_stock']} left" for item in named[:3])
        raise OutOfStock(f"{detail}. Take fewer and try again.", extra={"short": named})


def _delivery(session: Session, cart: carts.Cart, products: Mapping[str, ProductView], settings: StorefrontSettings, here: str | None, at: datetime) -> Chosen:
    way = delivery_of(cart, ways_of(settings.delivery, products.values()))
    if way is None:
        raise QuoteChanged("The way you chose to get your order is no longer offered; choose another.", extra={"changes": []})
    found = chosen_of(session, way, wish_of(cart, cart.currency or "", here), at)
    if found.needs is not None:
        raise DeliveryIncomplete(sentence(found.needs) or "", extra={"needs": found.needs})
    return found


def _reserve(
    session: Session, shop: Shop, order_id: str, cart: carts.Cart, lines: tuple[QuoteLine, ...], *, place_id: str | None, at: datetime, until: datetime
) -> tuple[Quote, ...]:
    if not cart.coupon_ids:
        return ()
    answer = shop.coupons.reserve_all(
        session, codes=cart.coupon_ids, shopper_id=cart.shopper_id, order_id=order_id, lines=lines,
        currency=cart.currency or "", place_id=place_id, at=at, ttl_s=int((until - at).total_seconds()) + shop.settings.coupon_grace_s,
    )  # fmt: skip
    if isinstance(answer, Refused):
        raise refusal_of(answer)
    return answer


def refusal_of(answer: Refused) -> CouponRefused:
    detail = " ".join(r.text for r in answer.reasons if not r.passed)
    return CouponRefused(detail, extra={"reasons": answer.reasons, "coupon_id": answer.coupon_id})


def _refuse_total(sums: Totals, expected_minor: int | None) -> None:
    verdict = payable(sums.subtotal_minor)  # before the discount, so that every figure of the order is within bounds
    if isinstance(verdict, Fail):
        raise TotalTooLarge(extra=dict(verdict.facts))
    if expected_minor is not None and expected_minor != sums.total_minor:
        raise QuoteChanged(
            f"the total is {sums.total_minor}, not {expected_minor}; ask for a new quote (POST /v1/cart/quote)",
            extra={"total_minor": sums.total_minor, "expected_total_minor": expected_minor, "discount_minor": sums.discount_minor, "changes": []},
        )


def _hold_balance(
    session: Session, order_id: str, total_minor: int, currency: str, asked: CheckoutOrder, settings: StorefrontSettings, *, at: datetime
) -> int:
    """What her balance pays of it, held from now on. Raises QuoteChanged when that is not what she was shown."""
    if not asked.use_balance:
        return 0
    available_minor = balance.available_minor(session, asked.shopper_id, currency)
    part_minor = part_of(total_minor, available_minor, least_charge_minor=settings.least_charge_minor if asked.pay_by is PayBy.ONLINE else 0)
    shown_minor = asked.expected_balance_minor if asked.expected_balance_minor is not None else part_minor
    held = part_minor == 0 or balance.hold(session, order_id, asked.shopper_id, part_minor, currency, at=at)
    if not held or part_minor != shown_minor:
        raise QuoteChanged(
            f"your balance would pay {part_minor}, not {shown_minor}; ask for a new quote (POST /v1/cart/quote)", extra={"balance_minor": part_minor, "changes": []}
        )
    return part_minor


def _write(
    session: Session,
    order_id: str,
    cart: carts.Cart,
    sums: Totals,
    coupon_id: str | None,
    asked: CheckoutOrder,
    *,
    balance_minor: int,
    settings: StorefrontSettings,
    at: datetime,
) -> None:
    expires_at = at + timedelta(seconds=settings.hold_ttl_s)
    points_rate, tier_bp = benefits.points(session, asked.shopper_id, settings.points_per_100_minor, at)
    points_bp = membership.points_bp(session, asked.shopper_id, tier_bp, at)
    row = {
        "id": order_id, "shopper_id": asked.shopper_id, "state": OrderState.PENDING, "currency": cart.currency, "subtotal_minor": sums.subtotal_minor,
        "discount_minor": sums.discount_minor, "total_minor": sums.total_minor, "coupon_id": coupon_id, "place_id": asked.place_id,
        "confirmations": 0, "refund_state": "none", "refunded_minor": 0, "restock": True, "placed_at": at, "expires_at": expires_at,
        "next_look_at": min(expires_at, at + timedelta(seconds=settings.look_again_s)), "returned_minor": 0,
        "points_rate": points_rate, "points_bp": points_bp, "balance_minor": balance_minor, "credited_minor": 0,
    }  # fmt: skip
    if not insert_new(session, OrderRow, row, unique=["id"]):
        raise CartChanged  # the same request, running twice at the same time, was faster


def quote(session: Session, shop: Shop, shopper_id: str, *, place_id: str | None, at: datetime, seen: bool) -> CartQuote:
    """What the cart costs now. `seen`: these prices are being shown to the shopper, so that she may pay them."""
    cart = carts.cart_of(session, shopper_id)
    now = priced(session, cart, at)
    products = now.products
    result = quote_cart(session, shop.coupons, cart, now, settings=shop.settings, place_id=place_id, at=at)
    if shop.settings.cash and result.lines and (way := delivery_of(cart, ways_of(shop.settings.delivery, products.values()))) is not None:
        asking = paying.Asking(cart, products.values(), chosen_of(session, way, wish_of(cart, cart.currency or "", place_id), at), place_id)
        promised = [entitlement for coupon in result.coupons for entitlement in coupon.entitlements]
        result = replace(result, pay=paying.ways_to_pay(session, shop.settings, asking, result.total_minor, promised, at=at))
    if seen:
        carts.saw_prices(session, cart, {line.line_id: line.unit_minor for line in result.lines})
    return result


def put_coupon(
    session: Session, shop: Shop, shopper_id: str, code: str, *, place_id: str | None, at: datetime, beside: bool = False
) -> CartQuote:
    """Lay a coupon into the cart, by its code or id: instead of those that lie there, or `beside` them. One that is not known, or
    another's, is refused, and so is one that may not lie beside another; one that does not apply yet is kept and says why.
    Only its id is kept. Raises UnknownCoupon, CouponRefused."""
    cart = carts.cart_of(session, shopper_id)
    products = priced(session, cart, at).products
    currency = cart.currency or shop.settings.currency
    way = delivery_of(cart, ways := ways_of(shop.settings.delivery, products.values())) or ways[0]
    brought = chosen_of(session, way, wish_of(cart, currency, place_id), at)
    lines = (*quote_lines(cart, products), delivery_line(brought))
    answer = shop.coupons.quote(session, code=code, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at)
    if answer.coupon_id is None:
        reasons = answer.reasons if isinstance(answer, Refused) else ()
        raise UnknownCoupon(" ".join(r.text for r in reasons), extra={"reasons": reasons})
    others = [c for c in cart.coupon_ids if c != answer.coupon_id] if beside else []
    if len(others) >= shop.settings.max_coupons:
        raise CouponRefused(f"A cart holds {shop.settings.max_coupons} coupons at most; take one out first.")
    coupon_ids = [*others, answer.coupon_id]
    if others:
        together = shop.coupons.quote_together(
            session, coupon_ids=coupon_ids, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at
        )
        for refused in together.refused:
            if refused.coupon_id == answer.coupon_id and any(r.code == DO_NOT_COMBINE for r in refused.reasons):
                raise refusal_of(refused)
    carts.set_coupons(session, shopper_id, coupon_ids, at=at)
    return quote(session, shop, shopper_id, place_id=place_id, at=at, seen=False)


def put_best_coupons(session: Session, shop: Shop, shopper_id: str, *, place_id: str | None, at: datetime) -> CartQuote:
    """Lay the best of her coupons into the cart instead of those that lie there; when none applies, nothing changes."""
    now = quote(session, shop, shopper_id, place_id=place_id, at=at, seen=False)
    if now.best is None:
        return now
    carts.set_coupons(session, shopper_id, now.best.coupon_ids, at=at)
    return quote(session, shop, shopper_id, place_id=place_id, at=at, seen=False)


def choose_delivery(
    session: Session, shop: Shop, shopper_id: str, way_id: str, *, place_id: str | None, at: datetime,
    slot_id: str | None = None, address_id: str | None = None, collect_at: str | None = None,
) -> CartQuote:  # fmt: skip
    """How she wants to get her order, and when and where of it. Raises Invalid for a way that is not offered, UnknownAddress for an address that is not
    hers; a time that cannot be booked is kept, and the quote says why it cannot."""
    if not any(way.id == way_id for way in shop.settings.delivery):
        known = ", ".join(way.id for way in shop.settings.delivery)
        raise Invalid.field("method", f"there is no such delivery; choose one of {known}")
    if address_id is not None:
        addresses.address(session, shopper_id, address_id)
    carts.set_delivery(session, shopper_id, way_id, at=at, slot_id=slot_id, address_id=address_id, collect_at=collect_at)
    return quote(session, shop, shopper_id, place_id=place_id, at=at, seen=False)


def slots_of(
    session: Session, shop: Shop, shopper_id: str, way_id: str, address_id: str | None, *, at: datetime
) -> tuple[Chosen, list[FreeSlot]]:
    """When that way can bring what lies in the cart, and what it would still need. Raises Invalid, UnknownAddress."""
    cart = carts.cart_of(session, shopper_id)
    currency = cart.currency or shop.settings.currency
    way = next((w for w in shop.settings.delivery if w.id == way_id and w.price_minor(currency) is not None), None)
    if way is None:
        raise Invalid.field("method", f"there is no such delivery; choose one of {', '.join(w.id for w in shop.settings.delivery)}")
    if address_id is not None:
        addresses.address(session, shopper_id, address_id)
    found = chosen_of(session, way, replace(wish_of(cart, currency, None), address_id=address_id or cart.address_id), at)
    return found, free_slots(session, found, at)

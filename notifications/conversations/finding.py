"""What the house knows, as conversations ask for it: names, facts for one question, her cart.

Owns the way from other rooms' contracts to the facts of knowledge.py. Must not decide what is said, and must not look up anything of another
shopper: every question here names whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.kernel.errors import AppError, NotFound
from app.kernel.money import Money
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.contacts import facade as contacts
from geofences import facade as geofences
from geofences.contracts import Place
from notifications import checking
from notifications.conversations.faq import keeping as faq
from notifications.conversations.knowledge import (
    Delivery,
    Facts,
    Intent,
    Known,
    KnownPlace,
    KnownProduct,
    OfferFact,
    OrderFact,
    PlaceFact,
    ProductFact,
    Sent,
    Understanding,
    Written,
)
from notifications.conversations.ports import Surroundings
from notifications.conversations.proposing import Line
from notifications.conversations.settings import ConversationSettings
from offers import facade as offers
from offers.contracts import CouponState, CouponView
from storefront import facade as storefront
from storefront.contracts import OrderState, OrderView, Particulars, ProductView

LOCALES = {"en": "en_IE", "fi": "fi_FI", "sv": "sv_FI"}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ORDERS_TOLD, ORDERS_LOOKED_AT = 5, 10
BOUGHT_LATELY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class HouseKnowledge:
    """The house's own data. `currency` is the shop's, for what delivery costs; `default_zone` where a store's is not known."""

    shop: storefront.Shop
    settings: ConversationSettings

    def known(self, session: Session) -> Known:
        products = tuple(KnownProduct(*found) for found in storefront.product_names(session))
        return Known(products, tuple(KnownPlace(p.id, p.name) for p in geofences.places(session)))

    def facts(self, session: Session, shopper_id: str, u: Understanding, *, at: datetime) -> Facts:
        """Only what the question needs is looked up."""
        asks = {u.intent, *([u.also] if u.also else [])}
        found = Facts(now=at, returns_days=self.settings.returns_days, products=_products(session, u.products, u.language))
        if Intent.PLAN in asks:
            found = replace(found, shelf=_products(session, [p[0] for p in storefront.product_names(session)], u.language))
        if Intent.HOURS in asks:
            places = geofences.places_by_ids(session, list(u.places))
            found = replace(found, places=tuple(_place(places[i], at) for i in u.places if i in places), here=self._here(session, shopper_id, at))
        if Intent.ORDER in asks:
            most = ORDERS_LOOKED_AT if u.orders else ORDERS_TOLD
            found = replace(found, orders=tuple(_order(o, u.language) for o in storefront.orders(session, shopper_id, limit=most)))
        if Intent.OFFERS in asks:
            found = replace(found, offers=tuple(OfferFact(c.title, _day(c.expires_at, u.language)) for c in _usable(session, shopper_id, at)))
        if Intent.WHY_NOT in asks:
            found = replace(found, withheld=_withheld(session, shopper_id, at))
        if Intent.DELIVERY in asks:
            found = replace(found, deliveries=self._deliveries(u.language))
        if Intent.GENUINE in asks:
            found = replace(found, sent=tuple(_sent(session, shopper_id, code) for code in u.codes))
        return found

    def written(self, session: Session, text: str, language: str) -> Written | None:
        found = faq.answered(session, text, language)
        return Written(found.id, found.answer) if found is not None else None

    def cared_for(self, session: Session, shopper_id: str, *, at: datetime) -> tuple[str, ...]:
        """Of the newest paid order that holds any: what its maker says how to care for."""
        for order in storefront.orders(session, shopper_id, limit=ORDERS_LOOKED_AT):
            detail = storefront.order(session, order.id) if order.state is OrderState.PAID and order.placed_at > at - BOUGHT_LATELY else None
            if detail is None:
                continue
            ids = list(dict.fromkeys(line.product_id for line in detail.lines if line.product_id and line.quantity > line.returned))
            declared = storefront.particulars(session, ids)
            wanting = tuple(i for i in ids if i in declared and declared[i].care)
            if wanting:
                return wanting
        return ()

    def put_in_cart(self, session: Session, shopper_id: str, lines: Sequence[Line], *, at: datetime) -> str | None:
        try:
            with session.begin_nested():  # all of it, or nothing
                storefront.put_in_cart(session, self.shop, shopper_id, {line.product_id: line.quantity for line in lines}, at=at)
        except AppError as refusal:
            return refusal.detail
        return None

    def surroundings(self, session: Session, shopper_id: str, *, at: datetime) -> Surroundings:
        lines = storefront.cart(session, shopper_id).lines
        names = storefront.products_by_ids(session, [line.product_id for line in lines])
        here = self._here(session, shopper_id, at)
        return Surroundings(
            tuple(f"{line.quantity} × {names[line.product_id].name if line.product_id in names else line.product_id}" for line in lines),
            tuple(c.title for c in _usable(session, shopper_id, at)),
            here.name if here is not None else None,
        )

    def _here(self, session: Session, shopper_id: str, at: datetime) -> PlaceFact | None:
        """Where she is, while she lets us know it."""
        if not gate.may(session, shopper_id, Purpose.LOCATION, at).ok:
            return None
        visits = [v for v in geofences.recent_visits(session, shopper_id, 3) if v.ended_at is None]
        place = geofences.place(session, visits[0].place_id) if visits else None
        return _place(place, at) if place is not None else None

    def _deliveries(self, language: str) -> tuple[Delivery, ...]:
        currency = self.shop.settings.currency
        prices = ((m.name, m.price_minor(currency)) for m in self.shop.settings.delivery)
        return tuple(Delivery(name, _money(price, currency, language) if price else "") for name, price in prices if price is not None)


def _products(session: Session, ids: Sequence[str], language: str) -> tuple[ProductFact, ...]:
    views, declared = storefront.products_by_ids(session, ids), storefront.particulars(session, ids)
    return tuple(_product(views[i], declared.get(i, Particulars()), language) for i in ids if i in views)


def _product(view: ProductView, declared: Particulars, language: str) -> ProductFact:
    return ProductFact(
        view.id, view.name, view.description, view.category, _money(view.price_minor, view.currency, language), view.in_stock,
        declared.allergens, declared.may_contain, declared.ingredients, declared.care, declared.serves, view.price_minor,
    )  # fmt: skip


def _money(amount_minor: int, currency: str, language: str) -> str:
    return Money(amount_minor, currency).display(LOCALES[language])


def _day(at: datetime, language: str) -> str:
    from babel.dates import format_date  # lazy: it is slow to import

    return format_date(at, "d MMM", locale=LOCALES[language])


def _place(place: Place, at: datetime) -> PlaceFact:
    return PlaceFact(place.id, place.name, WEEK[at.astimezone(ZoneInfo(place.timezone)).weekday()], dict(place.hours))


def _order(order: OrderView, language: str) -> OrderFact:
    return OrderFact(order.id, order.state.value, _money(order.total_minor, order.currency, language), _day(order.placed_at, language))


def _usable(session: Session, shopper_id: str, at: datetime) -> list[CouponView]:
    """Each offer once, however many uses it has left."""
    found = [c for c in offers.wallet(session, shopper_id, at) if c.state is CouponState.ISSUED and c.expires_at > at]
    return list({c.decision_id: c for c in reversed(found)}.values())


def _withheld(session: Session, shopper_id: str, at: datetime) -> tuple[str, str] | None:
    for decision in offers.decisions(session, shopper_id=shopper_id, outcome="withheld", limit=1):
        return decision.id, offers.explanation(session, decision.id, at=at).headline
    return None


def _sent(session: Session, shopper_id: str, code: str) -> Sent:
    """Her familiar word, the code of a message to her or of a coupon of hers; anything else is not from us."""
    if code == contacts.word_of(session, shopper_id).casefold():
        return Sent(code, "")
    try:
        coupon = offers.coupon_by_code(session, code)
    except NotFound:
        coupon = None
    if coupon is not None and coupon.shopper_id == shopper_id:
        return Sent(code, coupon.title)
    asked = checking.ask(session, shopper_id, code)
    return Sent(code, asked.sent.title) if asked.sent is not None else Sent(code, None, asked.never_ours)

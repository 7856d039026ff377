"""What the storefront holds about a shopper: her addresses, her cart, her orders, her points, her reviews, her list and her links. How it is handed over, and how it is made gone.

Owns the data holders and the retention rules. Orders are books: amounts, products and dates stay for the tax
authority, the person is taken out.
"""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from storefront.addresses import repository as addresses
from storefront.balance import books as balance
from storefront.balance.models import BalanceEntry, BalanceHoldRow, BalanceRow, GiftCardRow
from storefront.bookings import booking as bookings
from storefront.bookings.models import BookingRow
from storefront.carts import handing as cart_codes
from storefront.carts.models import CartLineRow, CartRow
from storefront.carts.repository import cart_of
from storefront.collection import repository as collections
from storefront.collection.models import CollectionRow
from storefront.contracts import ERASED
from storefront.delivery import booking
from storefront.delivery.models import DeliveryBookingRow
from storefront.downloads import repository as downloads
from storefront.loyalty import holding as loyalty
from storefront.memberships import holding as memberships
from storefront.methods import repository as methods
from storefront.orders.models import OrderRow
from storefront.orders.parcels import of_orders as parcels_of
from storefront.orders.repository import detail
from storefront.orders.return_requests import request_of
from storefront.papers.repository import papers_of
from storefront.points import ledger
from storefront.points.models import PointsEntry, PointsRow
from storefront.revenue import showing as placements
from storefront.reviews import repository as reviews
from storefront.sharing import links
from storefront.shipments import repository as shipments
from storefront.shipments.models import ShipmentRow
from storefront.wishes import repository as wishes

DAY_S = 86_400
CART_KEPT_S = 90 * DAY_S
ORDER_KEPT_S = 7 * 365 * DAY_S
DELIVERY_KEPT_S = 180 * DAY_S
REPORT_KEPT_S = 365 * DAY_S
WISH_KEPT_S = 2 * 365 * DAY_S
FOUND_KEPT_S = 90 * DAY_S
OWED_KEPT_S = 30 * 365 * DAY_S


def export_addresses(session: Session, shopper_id: str) -> dict[str, Any]:
    kept = addresses.addresses(session, shopper_id)
    return {"addresses": [_plain(dataclasses.asdict(one)) for one in kept]} if kept else {}


def export_methods(session: Session, shopper_id: str) -> dict[str, Any]:
    kept = methods.methods(session, shopper_id, session.info["clock"].now())
    told = [
        {"brand": one.card.brand, "last4": one.card.last4, "exp_month": one.card.exp_month, "exp_year": one.card.exp_year, "default": one.default, "kept_at": one.kept_at.isoformat()}
        for one in kept
    ]
    return {"payment_methods": told} if told else {}


def erase_methods(session: Session, shopper_id: str) -> int:
    """Also at the provider, as soon as it answers. After the orders: a payment that comes to its end meanwhile keeps nothing for who is gone."""
    return methods.forget(session, shopper_id, at=session.info["clock"].now())


def export_cart(session: Session, shopper_id: str) -> dict[str, Any]:
    cart = cart_of(session, shopper_id)
    codes = cart_codes.told(session, shopper_id)
    return (dataclasses.asdict(cart) if cart.version else {}) | ({"codes": _plain(codes)} if codes else {})


def erase_cart(session: Session, shopper_id: str) -> int:
    codes = cart_codes.forget(session, shopper_id)
    carts = select(CartRow.id).where(CartRow.shopper_id == shopper_id)
    session.execute(delete(CartLineRow).where(CartLineRow.cart_id.in_(carts)))
    return codes + cast("CursorResult[Any]", session.execute(delete(CartRow).where(CartRow.shopper_id == shopper_id))).rowcount


def export_orders(session: Session, shopper_id: str) -> dict[str, Any]:
    rows = session.scalars(select(OrderRow).where(OrderRow.shopper_id == shopper_id).order_by(OrderRow.placed_at, OrderRow.id)).all()
    told = [dataclasses.asdict(detail(session, row)) | {"papers": [dataclasses.asdict(p) for p in papers_of(session, row.id)], "return_request": asked_back(session, row.id), "downloads": downloads.told_of(session, row.id)} for row in rows]
    return {"orders": [_plain(one) for one in told]} if told else {}


def asked_back(session: Session, order_id: str) -> Any:
    found = request_of(session, order_id, at=session.info["clock"].now())
    return dataclasses.asdict(found) if found else None


def erase_orders(session: Session, shopper_id: str) -> int:
    """The books stay, the person goes. An order still being paid is settled or given up as any other."""
    nameless = update(OrderRow).where(OrderRow.shopper_id == shopper_id).values(shopper_id=ERASED)
    return cast("CursorResult[Any]", session.execute(nameless)).rowcount


def export_collections(session: Session, shopper_id: str) -> dict[str, Any]:
    rows = session.scalars(select(CollectionRow).where(CollectionRow.shopper_id == shopper_id).order_by(CollectionRow.placed_at, CollectionRow.order_id)).all()
    told = [{c.name: _plain(getattr(row, c.name)) for c in CollectionRow.__table__.columns if c.name not in ("shopper_id", "handed_by")} for row in rows]
    return {"collections": told} if told else {}


def export_deliveries(session: Session, shopper_id: str) -> dict[str, Any]:
    ids = session.scalars(select(DeliveryBookingRow.order_id).where(DeliveryBookingRow.shopper_id == shopper_id).order_by(DeliveryBookingRow.order_id))
    told = [{"order_id": order_id, "to": booking.address_of(session, order_id), **_plain(dataclasses.asdict(view))} for order_id in ids if (view := booking.view(session, order_id))]
    return {"deliveries": told} if told else {}


def export_bookings(session: Session, shopper_id: str) -> dict[str, Any]:
    rows = session.scalars(select(BookingRow).where(BookingRow.shopper_id == shopper_id).order_by(BookingRow.starts_at, BookingRow.id)).all()
    told = [{c.name: _plain(getattr(row, c.name)) for c in BookingRow.__table__.columns if c.name not in ("shopper_id", "ended_by")} for row in rows]
    return {"bookings": told} if told else {}


def erase_bookings(session: Session, shopper_id: str) -> int:
    """Nobody comes any more: her places are free."""
    return bookings.forget(session, shopper_id, session.info["clock"].now())


def export_shipments(session: Session, shopper_id: str) -> dict[str, Any]:
    ids = session.scalars(select(ShipmentRow.order_id).where(ShipmentRow.shopper_id == shopper_id).distinct().order_by(ShipmentRow.order_id)).all()
    told = [_plain(dataclasses.asdict(one)) for parcels in parcels_of(session, ids).values() for one in parcels]
    return {"shipments": told} if told else {}


def export_reviews(session: Session, shopper_id: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _plain(reviews.told(session, shopper_id)))


def export_wishes(session: Session, shopper_id: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _plain(wishes.told(session, shopper_id)))


def export_placements(session: Session, shopper_id: str) -> dict[str, Any]:
    shown = placements.told(session, shopper_id, session.info["clock"].now())
    return {"sponsored_counted": shown} if shown else {}


def erase_placements(session: Session, shopper_id: str) -> int:
    return placements.forget(session, shopper_id, session.info["clock"].now())


def export_sharing(session: Session, shopper_id: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _plain(links.told(session, shopper_id)))


def export_points(session: Session, shopper_id: str) -> dict[str, Any]:
    entries = ledger.entries(session, shopper_id, limit=10_000)
    return {"points": ledger.balance(session, shopper_id), "entries": [_plain(dataclasses.asdict(e)) for e in entries]} if entries else {}


def erase_points(session: Session, shopper_id: str) -> int:
    """Nobody has them any more; the book keeps its sum. What they stood for, where it was no order, is taken out too: it was made from her id."""
    session.execute(delete(PointsRow).where(PointsRow.shopper_id == shopper_id))
    session.execute(update(PointsEntry).where(PointsEntry.shopper_id == shopper_id, PointsEntry.order_id.is_(None)).values(cause=PointsEntry.movement))
    nameless = update(PointsEntry).where(PointsEntry.shopper_id == shopper_id).values(shopper_id=ERASED)
    return cast("CursorResult[Any]", session.execute(nameless)).rowcount


def export_balance(session: Session, shopper_id: str) -> dict[str, Any]:
    told = balance.entries(session, shopper_id, limit=10_000)
    return {"balance": balance.balances(session, shopper_id), "entries": [_plain(dataclasses.asdict(e)) for e in told]} if told else {}


def erase_balance(session: Session, shopper_id: str) -> int:
    """What she had is given up; the books keep their sums, without her. What an unpaid order holds goes the same way when it ends."""
    balance.give_up(session, shopper_id, at=session.info["clock"].now())
    session.execute(delete(BalanceRow).where(BalanceRow.shopper_id == shopper_id))
    session.execute(update(BalanceHoldRow).where(BalanceHoldRow.shopper_id == shopper_id).values(shopper_id=ERASED))
    session.execute(update(GiftCardRow).where(GiftCardRow.loaded_by == shopper_id).values(loaded_by=ERASED))
    nameless = update(BalanceEntry).where(BalanceEntry.shopper_id == shopper_id).values(shopper_id=ERASED)
    return cast("CursorResult[Any]", session.execute(nameless)).rowcount


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return value.isoformat() if hasattr(value, "isoformat") else value


HOLDERS: tuple[DataHolder, ...] = (
    DataHolder("storefront.addresses", ("storefront_address", "storefront_address_book"), export_addresses, addresses.forget),
    DataHolder("storefront.carts", ("storefront_cart", "storefront_cart_code"), export_cart, erase_cart),
    DataHolder(
        "storefront.orders",
        ("storefront_order",),
        export_orders,
        erase_orders,
        books={"storefront_order": "Bookkeeping law: what was sold stays in the books, without your name."},
    ),
    DataHolder(
        "storefront.memberships",
        ("storefront_membership",),
        memberships.export,
        memberships.forget,
        books={"storefront_membership": "Bookkeeping law: what was paid for a membership stays in the books, without your name."},
    ),
    DataHolder("storefront.methods", ("storefront_payer", "storefront_kept_method"), export_methods, erase_methods),
    DataHolder(
        "storefront.loyalty",
        ("storefront_loyalty_fact", "storefront_loyalty_standing", "storefront_loyalty_reward", "storefront_loyalty_choice"),
        loyalty.export,
        loyalty.forget,
    ),
    DataHolder("storefront.collections", ("storefront_collection",), export_collections, collections.forget),
    DataHolder("storefront.shipments", ("storefront_shipment",), export_shipments, shipments.forget),
    DataHolder("storefront.reviews", ("storefront_review", "storefront_review_report"), export_reviews, reviews.forget),
    DataHolder("storefront.wishes", ("storefront_wish", "storefront_wish_found"), export_wishes, wishes.forget),
    DataHolder("storefront.sharing", ("storefront_share", "storefront_share_touch", "storefront_referral"), export_sharing, links.forget),
    DataHolder("storefront.bookings", ("storefront_booking",), export_bookings, erase_bookings),
    DataHolder("storefront.deliveries", ("storefront_delivery_booking", "storefront_slot"), export_deliveries, booking.forget),
    DataHolder("storefront.placements", ("storefront_placement_count",), export_placements, erase_placements),
    DataHolder(
        "storefront.balance",
        ("storefront_balance", "storefront_balance_entry", "storefront_balance_hold", "storefront_gift_card"),
        export_balance,
        erase_balance,
        books=dict.fromkeys(
            ("storefront_balance_entry", "storefront_balance_hold", "storefront_gift_card"), "A balance is owed by the shop: the sums stay in the books, without your name."
        ),
    ),
    DataHolder(
        "storefront.points",
        ("storefront_points", "storefront_points_entry"),
        export_points,
        erase_points,
        books={"storefront_points_entry": "Points are owed by the shop: the sums stay in the books, without your name."},
    ),
)

RULES: tuple[RetentionRule, ...] = (
    RetentionRule("storefront_balance", "changed_at", OWED_KEPT_S, "What you can spend is yours until you spend it; after thirty years untouched nobody will."),
    RetentionRule("storefront_balance_entry", "at", OWED_KEPT_S, "The books of what is owed to people stand as long as it may be owed."),
    RetentionRule("storefront_balance_hold", "held_at", ORDER_KEPT_S, "What an order took from a balance is kept as long as the order."),
    RetentionRule("storefront_gift_card", "expires_at", ORDER_KEPT_S, "Gift cards are kept seven years after their time is over."),
    RetentionRule("storefront_address", "changed_at", None, "Your addresses, sealed with your key; kept until you remove them or delete your data."),
    RetentionRule("storefront_address_book", "changed_at", None, "Which of your addresses counts; kept as long as they are."),
    RetentionRule("storefront_kept_method", "kept_at", None, "Cards you have kept for paying, sealed with your key; kept until you remove them or delete your data."),
    RetentionRule("storefront_payer", "changed_at", None, "The payment provider's nameless account that your cards lie in, sealed with your key; kept until you delete your data."),
    RetentionRule("storefront_cart", "changed_at", CART_KEPT_S, "A cart nobody has touched for 90 days is emptied."),
    RetentionRule("storefront_cart_code", "made_at", DAY_S, "That you showed your cart to a till is forgotten after a day; the code itself was never kept."),
    RetentionRule("storefront_order", "placed_at", ORDER_KEPT_S, "Orders are kept seven years for the books, then deleted."),
    RetentionRule("storefront_delivery_booking", "ends_at", DELIVERY_KEPT_S, "When and where an order was brought, sealed; kept 180 days after, for questions about it."),
    RetentionRule("storefront_booking", "ends_at", DELIVERY_KEPT_S, "What you booked at which time, and whether you came; kept 180 days after, for questions about it."),
    RetentionRule("storefront_collection", "placed_at", DELIVERY_KEPT_S, "That you fetched an order from a store, and when you came; kept 180 days, for questions about it."),
    RetentionRule("storefront_shipment", "packed_at", DELIVERY_KEPT_S, "What was sent to you in which parcel, and how far it came; kept 180 days, for questions about it."),
    RetentionRule("storefront_review", "changed_at", None, "Your reviews, sealed with your key, with what they said before; kept until you remove them or delete your data."),
    RetentionRule("storefront_review_report", "at", REPORT_KEPT_S, "That you found a review wrong is kept a year."),
    RetentionRule("storefront_wish", "added_at", WISH_KEPT_S, "What you put on your list is kept two years, or until you take it off."),
    RetentionRule("storefront_wish_found", "at", FOUND_KEPT_S, "That something of your list was near in a visit is kept 90 days, as the visit is."),
    RetentionRule("storefront_share", "created_at", WISH_KEPT_S, "Your links to products are kept two years."),
    RetentionRule("storefront_share_touch", "at", DELIVERY_KEPT_S, "That you came by somebody's link, and let it count, is kept 180 days."),
    RetentionRule("storefront_referral", "noted_at", WISH_KEPT_S, "Which order a link led to, and whether it was rewarded, is kept two years."),
    RetentionRule("storefront_slot", "ends_at", DELIVERY_KEPT_S, "How many were brought something, or came, at a time; kept as long as they are."),
    RetentionRule("storefront_points", "changed_at", OWED_KEPT_S, "Your points are yours as long as they are good; after thirty years untouched nobody will use them."),
    RetentionRule("storefront_membership", "changed_at", ORDER_KEPT_S, "Your memberships and what you paid for them are kept as long as the books."),
    RetentionRule("storefront_loyalty_fact", "at", loyalty.FACT_KEPT_S, "What counts for cards, challenges and tiers is kept 800 days: a card runs two years at most, and its returns a little longer."),
    RetentionRule("storefront_loyalty_standing", "changed_at", None, "Your tier; kept until you delete your data."),
    RetentionRule("storefront_loyalty_reward", "given_at", ORDER_KEPT_S, "What you were given for full cards and challenges is kept as long as the books."),
    RetentionRule("storefront_loyalty_choice", "at", None, "Whether you want it counted; kept until you delete your data."),
    RetentionRule("storefront_placement_count", "at", 2 * DAY_S, "That something sponsored was shown to somebody, under a mark that changes every day, is forgotten after two days."),
    RetentionRule("storefront_points_entry", "at", ORDER_KEPT_S, "Points are kept as long as the orders they were earned with."),
)

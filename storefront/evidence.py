"""What the shop can show a bank about a disputed order: the packet, as plain data.

Owns what goes in, and nothing else of a person than that: where it was brought while her address still opens, that it was handed over and by which proof, and
when she was in the store only while she agrees to the use of her location. It is read by an operator, who sends it; we send it nowhere.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from app.privacy import gate
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from storefront.contracts import ERASED, OrderDetail
from storefront.delivery import booking
from storefront.disputes import repository as disputes
from storefront.errors import UnknownDispute
from storefront.orders.repository import detail, fresh
from storefront.papers.repository import papers_of

AROUND = timedelta(days=2)
"""So long before and after the order a visit says something about it."""
CONSEQUENCES = {
    "inquiry": "The bank asks. No money has moved; answer before the deadline.",
    "open": "The bank has taken the money. It is booked as withheld, and nothing of this order is paid back until the bank has decided.",
    "under_review": "The bank has what was sent and decides. The money is booked as withheld.",
    "won": "The money is back. The order stands as it was.",
    "lost": "The money is booked as lost. The order stands, its points are taken back, what was due to go back is not paid, and its coupons stay used.",
    "closed": "The bank asked and left it at that. No money has moved.",
}


def packet(session: Session, dispute_id: str, *, at: datetime) -> dict[str, Any]:
    """Everything about one dispute: plain values and instants. Raises UnknownDispute."""
    found = disputes.dispute(session, dispute_id)
    row = fresh(session, found.order_id)
    if row is None:
        raise UnknownDispute
    order = detail(session, row)
    known = row.shopper_id != ERASED
    return {
        "dispute": _plain(found) | {"what_follows": CONSEQUENCES[found.state]},
        "made_at": at,
        "order": {
            "id": row.id, "state": row.state, "placed_at": row.placed_at, "paid_at": row.paid_at,
            "total_minor": row.total_minor, "currency": row.currency, "paid_from_balance_minor": row.balance_minor, "given_back_minor": order.refunded_minor,
            "payment_id": row.payment_id, "lines": _plain(order.lines), "coupons": _plain(order.coupons), "taxes": _plain(order.taxes), "refunds": _plain(order.refunds),
        },
        "receipts": _plain(papers_of(session, row.id)),
        "handed_over": _handed_over(order),
        "brought_to": list(booking.address_of(session, row.id)) if known else [],
        "visits": _visits(session, row.shopper_id, order, at) if known else {"told": False, "why": "erased", "visits": []},
    }  # fmt: skip


def _handed_over(order: OrderDetail) -> list[dict[str, Any]]:
    """By which proof each part of it changed hands: `code`, shown on her phone at that moment, is hers alone."""
    out: list[dict[str, Any]] = []
    if order.collection is not None and order.collection.handed_at is not None:
        out.append({"what": "fetched", "where": order.collection.place_name, "at": order.collection.handed_at, "proof": "code"})
    for parcel in order.shipments:
        told = {"what": "parcel", "carrier": parcel.carrier, "tracking": parcel.tracking, "state": parcel.state, "proof": parcel.proof, "left": parcel.why, "pieces": _plain(parcel.pieces)}
        out.append(told | {"at": parcel.delivered_at})
    return out


def _visits(session: Session, shopper_id: str, order: OrderDetail, at: datetime) -> dict[str, Any]:
    verdict = gate.may(session, shopper_id, Purpose.LOCATION, at)
    if isinstance(verdict, Fail):
        return {"told": False, "why": verdict.reason, "visits": []}
    first, last = order.order.placed_at - AROUND, (order.collection.handed_at if order.collection and order.collection.handed_at else order.order.placed_at) + AROUND
    stays = geofences.stays(session, [shopper_id], since=first, until=min(last, at))
    names = geofences.places_by_ids(session, {place_id for _, place_id, *_ in stays})
    told = [
        {"place": names[place_id].name if place_id in names else place_id, "began": began, "ended": ended, "seconds": seconds}
        for _, place_id, began, ended, seconds in stays
    ]
    return {"told": True, "why": None, "visits": told}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return [_plain(inner) for inner in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value

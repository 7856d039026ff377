"""When stores give services, and what is booked of them: the statements. Each change of state is one conditional UPDATE.

Owns them. Must not decide what may be booked (storefront/slots/calendar.py does), nor how many fit in (storefront/slots/places.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import insert_new, moved, touched
from app.kernel.ids import derived_id
from storefront.bookings.hours import Service, service_of
from storefront.bookings.models import BookingRow, ServiceRow
from storefront.slots.calendar import Slot

HELD, BOOKED, ATTENDED, MISSED, GIVEN_BACK = "held", "booked", "attended", "missed", "given_back"
BY_MOMENT, BY_HERSELF = "moment", "herself"
B, S = BookingRow, ServiceRow
ANY_BOOKED = select(B.id).where(B.state == BOOKED).limit(1)
"""Whether anybody is expected anywhere: if not, nobody who comes in matters here."""


def services(session: Session, product_ids: Collection[str]) -> dict[str, list[Service]]:
    """By product, each store that gives it, by place."""
    found: dict[str, list[Service]] = defaultdict(list)
    rows = select(S).where(S.product_id.in_(listed(session, sorted(product_ids)))).order_by(S.product_id, S.place_id) if product_ids else None
    for row in session.scalars(rows) if rows is not None else ():
        found[row.product_id].append(service_of(row.id, row.product_id, row.place_id, row.document))
    return dict(found)


def service(session: Session, service_id: str) -> Service | None:
    """None for one that was taken away since."""
    row = session.scalar(select(S).where(S.id == service_id))
    return service_of(row.id, row.product_id, row.place_id, row.document) if row is not None else None


def documents(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    """(product, place, document) as they were written."""
    return [(row.product_id, row.place_id, row.document) for row in session.scalars(select(S).order_by(S.product_id, S.place_id))]


def put(session: Session, product_id: str, place_id: str, document: Mapping[str, Any], at: datetime) -> None:
    values = {"document": dict(document), "changed_at": at}
    key = {"id": derived_id("svc", product_id, place_id), "product_id": product_id, "place_id": place_id}
    if not insert_new(session, S, {**key, **values}, unique=["id"]):
        moved(session, update(S).where(S.id == key["id"]).values(**values))


def drop(session: Session, product_id: str, place_id: str) -> bool:
    """What is booked stays booked; nothing more is."""
    return bool(touched(session, delete(S).where(S.product_id == product_id, S.place_id == place_id)))


# --- bookings ---------------------------------------------------------------------------------------------------------


def of_order(session: Session, order_id: str) -> list[BookingRow]:
    """By line."""
    rows = select(B).where(B.order_id == order_id).order_by(B.line_no)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def of_line(session: Session, order_id: str, line_no: int) -> BookingRow | None:
    return session.execute(select(B).where(B.order_id == order_id, B.line_no == line_no).execution_options(populate_existing=True)).scalar_one_or_none()


def found(session: Session, booking_id: str) -> BookingRow | None:
    return session.execute(select(B).where(B.id == booking_id).execution_options(populate_existing=True)).scalar_one_or_none()


def booked_lines(session: Session, order_id: str) -> frozenset[int]:
    """The lines that are times and no pieces: nothing of them lies on a shelf."""
    return frozenset(session.scalars(select(B.line_no).where(B.order_id == order_id)))


def become(session: Session, booking_id: str, state: str, *, of: Collection[str], **values: Any) -> bool:
    """True for the one who moved it."""
    return moved(session, update(B).where(B.id == booking_id, B.state.in_(of)).values(state=state, **values))


def rebook(session: Session, booking_id: str, left: str, slot: Slot, *, free_until: datetime, remind_at: datetime | None) -> bool:
    """From the slot `left` to another, while it is hers; False when somebody moved or gave it back meanwhile. Who had arrived had come for the other."""
    mine = update(B).where(B.id == booking_id, B.slot_id == left, B.state.in_((HELD, BOOKED)))
    times = {"slot_id": slot.id, "starts_at": slot.starts_at, "ends_at": slot.ends_at, "free_until": free_until, "remind_at": remind_at}
    return moved(session, mine.values(**times, moves=B.moves + 1, arrived_at=None, arrived_by=None, moment_id=None))


def fewer(session: Session, booking_id: str, count: int) -> bool:
    """So many places less; False when there are not so many, or it is over."""
    return moved(session, update(B).where(B.id == booking_id, B.places >= count, B.state.in_((HELD, BOOKED))).values(places=B.places - count))


def between(session: Session, place_ids: Collection[str], since: datetime, until: datetime, limit: int = 200) -> list[BookingRow]:
    """What is booked in these stores and begins then, the soonest first; who came or did not among it."""
    rows = select(B).where(B.place_id.in_(place_ids), B.starts_at >= since, B.starts_at < until, B.state.in_((BOOKED, ATTENDED, MISSED)))
    return list(session.scalars(rows.order_by(B.starts_at, B.id).limit(limit)))


def to_remind(session: Session, at: datetime, limit: int) -> list[BookingRow]:
    return list(session.scalars(select(B).where(B.remind_at <= at, B.state == BOOKED).order_by(B.remind_at, B.id).limit(limit)))


def reminded(session: Session, booking_id: str) -> bool:
    """True for the one who may tell her."""
    return moved(session, update(B).where(B.id == booking_id, B.state == BOOKED, B.remind_at.is_not(None)).values(remind_at=None))


# --- she is there -----------------------------------------------------------------------------------------------------


def expected_at(session: Session, shopper_id: str, place_id: str, at: datetime, early: timedelta) -> list[str]:
    """What she has booked there that begins soon or goes on, and of which nobody has said that she is there."""
    now = (B.starts_at <= at + early, B.ends_at > at)
    rows = select(B.id).where(B.shopper_id == shopper_id, B.place_id == place_id, B.state == BOOKED, B.arrived_at.is_(None), *now)
    return list(session.scalars(rows.order_by(B.id)))


def arrive(session: Session, booking_id: str, at: datetime, by: str, moment_id: str | None = None) -> bool:
    """The first to say so counts."""
    here = update(B).where(B.id == booking_id, B.state == BOOKED, B.arrived_at.is_(None))
    return moved(session, here.values(arrived_at=at, arrived_by=by, moment_id=moment_id))


def not_there(session: Session, shopper_id: str, moment_id: str) -> int:
    """The moment was taken back: nobody has come by it."""
    mine = update(B).where(B.shopper_id == shopper_id, B.moment_id == moment_id, B.state == BOOKED)
    return touched(session, mine.values(arrived_at=None, arrived_by=None, moment_id=None))

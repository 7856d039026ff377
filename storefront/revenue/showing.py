"""A sponsored product is shown, or opened: counted once an hour for each shopper and placement, and paid for out of its budget.

Owns these two steps. A budget is never exceeded: it moves by one conditional UPDATE, in the transaction that counts. Who looks is known as a keyed hash that is another every day,
kept for two days; nothing of hers, and no position, is used. Who has said no to offers that fit, and who is a minor, is shown nothing sponsored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import insert_new, moved, touched
from app.kernel.verdict import Fail
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.sealing import keyed_hash
from storefront.catalog import categories
from storefront.catalog.repository import product, products_by_ids
from storefront.contracts import ProductView
from storefront.revenue import books, phrases, repository
from storefront.revenue.books import Account
from storefront.revenue.errors import UnknownPlacement
from storefront.revenue.models import PlacementCountRow, PlacementRow
from storefront.revenue.partners import Terms
from storefront.revenue.placements import PaidBy, Placement, Slot, Where, in_turn

P, N = PlacementRow, PlacementCountRow
VIEWED, CLICKED = "viewed", "clicked"
_NEVER_ASKED = ("never_granted", "notice_changed")


@dataclass(frozen=True, slots=True)
class Sponsored:
    """A product that stands somewhere because a partner pays for it. `label` says so and is always shown with it; `why` is why it stands there."""

    placement_id: str
    partner_name: str
    product: ProductView
    label: str
    why: str


def sponsors(session: Session, at: datetime, timezone: str) -> list[str]:
    """The names of partners who pay for a place today, each once; from the terms, whether or not something is left to pay with."""
    terms, today = repository.in_force(session), _day(at, timezone)
    return sorted({_name(terms, one) for one in terms.placements if one.starts_on <= today <= one.ends_on})


def where(session: Session, slot: Slot, *, category: str = "", query: str = "", product_id: str = "") -> Where:
    """The place, with the categories above the one that is meant."""
    found = product(session, product_id) if product_id else None
    own = found.category if found is not None else category
    above = (own, *categories.above(own, categories.parents(session))) if own else ()
    return Where(slot, above, tuple(query.split()), (found.head_id or found.id) if found is not None else product_id)


def show(session: Session, shopper_id: str, place: Where, *, language: str, at: datetime, timezone: str) -> Sponsored | None:
    """The one sponsored product that stands there for her now, counted; most often none."""
    terms, today = repository.in_force(session), _day(at, timezone)
    if not terms.placements or _said_no(session, shopper_id, at):
        return None
    spent = {row_id: minor for row_id, minor in session.execute(select(P.id, P.spent_minor).where(P.id.in_(listed(session, [one.id for one in terms.placements]))))}  # noqa: C416
    turns = in_turn(terms.placements, place, spent, today)
    items = products_by_ids(session, sorted({one.product_id for one in turns}))
    viewer = _viewer(shopper_id, today)
    for one in turns:
        item = items.get(one.product_id)
        if item is not None and item.in_stock > 0 and _count_view(session, one, viewer, at):
            return Sponsored(one.id, _name(terms, one), item, phrases.say("label", language), phrases.say("why", language, partner=_name(terms, one)))
    return None


def open_one(session: Session, shopper_id: str, placement_id: str, *, at: datetime, timezone: str) -> str:
    """She opens what she was shown: the id of its product. Counted, and paid for where opening is, only of somebody who was shown it today. Raises UnknownPlacement."""
    one = repository.in_force(session).placement(placement_id)
    if one is None:
        raise UnknownPlacement
    viewer = _viewer(shopper_id, _day(at, timezone))
    shown = select(N.hour).where(N.placement_id == one.id, N.viewer == viewer, N.kind == VIEWED).limit(1)
    if session.scalar(shown) is not None and _lock(session, one) and insert_new(session, N, _count(one, viewer, CLICKED, at), unique=["placement_id", "viewer", "kind", "hour"]):
        _charge(session, one, CLICKED, at, pays=one.paid_by is PaidBy.CLICK)
    return one.product_id


def told(session: Session, shopper_id: str, at: datetime) -> dict[str, int]:
    """What sponsored things were counted of her that are still known: placement -> how often."""
    rows = session.execute(select(N.placement_id, func.count()).where(N.viewer.in_(_viewers(shopper_id, at))).group_by(N.placement_id).order_by(N.placement_id))
    return {placement_id: int(count) for placement_id, count in rows}


def forget(session: Session, shopper_id: str, at: datetime) -> int:
    return touched(session, delete(N).where(N.viewer.in_(_viewers(shopper_id, at))))


def _viewers(shopper_id: str, at: datetime) -> list[str]:
    """Under which she may be known by now, wherever the shop's day begins."""
    return [_viewer(shopper_id, at.date() + timedelta(days=days)) for days in range(-3, 2)]


def _count_view(session: Session, one: Placement, viewer: str, at: datetime) -> bool:
    """Whether it is shown. What she was shown within the hour is shown again and not counted."""
    hers = (N.placement_id == one.id, N.viewer == viewer, N.kind == VIEWED)
    if _this_hour(session, hers, at):
        return True
    if not _lock(session, one):
        return False
    if _this_hour(session, hers, at):  # by a page of hers that was quicker
        return True
    if (session.scalar(select(func.count()).where(*hers)) or 0) >= one.most_per_day or not _charge(session, one, VIEWED, at, pays=one.paid_by is PaidBy.VIEW):
        return False
    return insert_new(session, N, _count(one, viewer, VIEWED, at), unique=["placement_id", "viewer", "kind", "hour"])


def _this_hour(session: Session, hers: tuple[ColumnElement[bool], ...], at: datetime) -> bool:
    return session.scalar(select(N.hour).where(*hers, N.hour == _hour(at))) is not None


def _lock(session: Session, one: Placement) -> bool:
    """Whoever counts for a placement does so one after the other."""
    return moved(session, update(P).where(P.id == one.id).values(views=P.views))


def _charge(session: Session, one: Placement, why: str, at: datetime, *, pays: bool) -> bool:
    """Count it; where it is paid for, only out of what is left. False: nothing was left, and nothing happened."""
    counted = {"views": P.views + 1} if why == VIEWED else {"clicks": P.clicks + 1}
    row = update(P).where(P.id == one.id)
    enough = row.where(P.spent_minor + one.price_minor <= P.budget_minor)
    if pays and moved(session, enough.values(spent_minor=P.spent_minor + one.price_minor, **counted)):
        books.enter(
            session, Account.PLACEMENTS, Account.OWED, one.price_minor, one.currency, why, partner_id=one.partner_id, cause=one.id, at=at, product_id=one.product_id
        )
        return True
    if why == CLICKED:  # she goes there, paid for or not
        return moved(session, row.values(**counted))
    return not pays and moved(session, enough.values(**counted))


def _count(one: Placement, viewer: str, kind: str, at: datetime) -> dict[str, object]:
    return {"placement_id": one.id, "viewer": viewer, "kind": kind, "hour": _hour(at), "at": at}


def _said_no(session: Session, shopper_id: str, at: datetime) -> bool:
    verdict = gate.may(session, shopper_id, Purpose.PERSONALISATION, at)
    return isinstance(verdict, Fail) and verdict.facts.get("why") not in _NEVER_ASKED


def _viewer(shopper_id: str, today: date) -> str:
    return keyed_hash("placement", f"{today.isoformat()}:{shopper_id}")


def _name(terms: Terms, one: Placement) -> str:
    found = terms.partner(one.partner_id)
    return found.name if found is not None else one.partner_id


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _day(at: datetime, timezone: str) -> date:
    return at.astimezone(ZoneInfo(timezone)).date()

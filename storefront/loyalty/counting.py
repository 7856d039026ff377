"""What counts for the programme: a line of a paid order as far as it is kept, and a visit to a store that something besides
her position confirms.

Owns bringing each fact to what is true by now, as often as it is told and in whatever order: a fact has the id of what it tells of. Without a programme,
after her no, and for visits without her consent, nothing is written. Who counts must hold nothing that anybody waits for: what follows from the facts
is weighed later (weighing.py), told by `loyalty.counted` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, touched
from app.kernel.outbox import emit
from app.privacy import gate
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from geofences.contracts import Place, TrustLevel
from storefront.catalog import categories
from storefront.catalog.models import ProductRow
from storefront.contracts import ERASED, LoyaltyCounted
from storefront.loyalty import repository
from storefront.loyalty.models import FactRow
from storefront.loyalty.programme import Programme

SPOOFED, MALL = "spoofed", "mall"
"""As geofences names them."""


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as it was paid."""

    order_id: str
    shopper_id: str
    place_id: str | None
    currency: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays bought of one of its lines."""

    line_no: int
    product_id: str
    pieces: int
    spent_minor: int


def bought(session: Session, sold: Sold, kept: Sequence[Kept], *, first: bool, at: datetime) -> None:
    """`first`: the money has just become true; only then is anything new counted. Later only what was counted becomes less."""
    programme = repository.in_force(session)
    if programme is None or sold.shopper_id == ERASED:
        return
    known = {row.line_no: row for row in session.scalars(select(FactRow).where(FactRow.source_id == sold.order_id).execution_options(populate_existing=True))}
    changed = False
    if first and not known and repository.wants(session, sold.shopper_id):
        changed = _insert(session, programme, sold, kept, at)
    left = {line.line_no: line for line in kept}
    for line_no, row in known.items():
        now = left.get(line_no, Kept(line_no, "", 0, 0))
        if (row.pieces, row.spent_minor) != (now.pieces, now.spent_minor):
            less = update(FactRow).where(FactRow.source_id == sold.order_id, FactRow.line_no == line_no)
            changed |= moved(session, less.values(pieces=now.pieces, spent_minor=now.spent_minor))
    if changed:
        emit(session, LoyaltyCounted(sold.shopper_id, at), subject=sold.shopper_id)


def _insert(session: Session, programme: Programme, sold: Sold, kept: Sequence[Kept], at: datetime) -> bool:
    place = geofences.place(session, sold.place_id) if sold.place_id is not None else None
    day = _day(sold.paid_at, place.timezone if place is not None else programme.timezone)
    p, tree = ProductRow, categories.parents(session)
    known = {i: (head, category) for i, head, category in session.execute(select(p.id, p.head_id, p.category).where(p.id.in_([line.product_id for line in kept])))}
    for line in kept:
        head_id, category = known.get(line.product_id, (None, ""))
        row = {
            "source_id": sold.order_id, "line_no": line.line_no, "shopper_id": sold.shopper_id, "kind": repository.BOUGHT, "day": day, "place_id": sold.place_id,
            "products": [line.product_id, *([head_id] if head_id else [])], "categories": [category, *categories.above(category, tree)] if category else [],
            "pieces": line.pieces, "spent_minor": line.spent_minor, "currency": sold.currency, "at": at,
        }  # fmt: skip
        insert_new(session, FactRow, row, unique=["source_id", "line_no"])
    return bool(kept)


def visited(session: Session, visit_id: str, shopper_id: str, *, at: datetime) -> bool:
    """Bring the fact of one visit to what is known of it by now; True when that changed something. Her consents are held from here on."""
    gate.hold(session, (shopper_id,))
    programme = repository.in_force(session)
    if programme is None:
        return False
    changed = _insert_visit(session, programme, visit_id, shopper_id, at)
    if changed is None:
        gone = delete(FactRow).where(FactRow.source_id == visit_id, FactRow.shopper_id == shopper_id)
        changed = touched(session, gone) > 0
    if changed:
        emit(session, LoyaltyCounted(shopper_id, at), subject=shopper_id)
    return changed


def _insert_visit(session: Session, programme: Programme, visit_id: str, shopper_id: str, at: datetime) -> bool | None:
    """None: it is not (any more) one that could count."""
    visit, known = geofences.visit(session, visit_id), geofences.presence_facts(session, visit_id)
    if visit is None or known is None or visit.shopper_id != shopper_id or known.visit_level == TrustLevel.CLAIMED or known.trust_verdict == SPOOFED:
        return None
    agreed = gate.may(session, shopper_id, Purpose.LOYALTY, at).ok and repository.wants(session, shopper_id) and repository.wants(session, shopper_id, at=visit.started_at)
    place = geofences.place(session, visit.place_id)
    if not agreed or not programme.counts_visits or place is None or place.refused is not None or not _ours(place, programme):
        return False
    row = {
        "source_id": visit_id, "line_no": 0, "shopper_id": shopper_id, "kind": repository.VISITED, "day": _day(visit.started_at, place.timezone), "place_id": place.id,
        "products": [], "categories": [], "pieces": 0, "spent_minor": 0, "currency": "", "at": at,
    }  # fmt: skip
    return insert_new(session, FactRow, row, unique=["source_id", "line_no"])


def _ours(place: Place, programme: Programme) -> bool:
    """The mall around a store is no store of its own."""
    return place.kind != MALL and (not programme.chains or place.chain in programme.chains)


def _day(at: datetime, timezone: str) -> str:
    """The local day on which it was."""
    return at.astimezone(ZoneInfo(timezone)).date().isoformat()

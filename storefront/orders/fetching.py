"""An order that she fetches: picked, ready until a date, she arrives, it is handed over against the code on her phone, once.

Owns these steps, each begun with the order's row locked where it must still stand (paid, nothing going back). A clerk acts for her stores; another's order
is as none. Whether our own geofence may tell the store that she is there is asked of her consent each time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.privacy import gate
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from storefront.addresses import repository as addresses
from storefront.addresses.formats import Address
from storefront.cash import claims
from storefront.cash.errors import CashDue
from storefront.collection import proof, repository
from storefront.collection.models import CollectionRow
from storefront.collection.repository import BY_HERSELF, BY_MOMENT, OPEN, READY
from storefront.contracts import CashView, CollectionAtStore, OrderPicked
from storefront.errors import CollectionNotReady, HandOverRefused, UnknownOrder
from storefront.orders import moves
from storefront.orders.models import OrderRow
from storefront.orders.repository import goes_on, locked, owned, pieces_of, stands


def proof_for(session: Session, order_id: str, shopper_id: str, at: datetime) -> proof.LiveProof | None:
    """The code she shows; None while there is nothing to be handed over. Raises UnknownOrder, also for another's."""
    order = owned(session, order_id, shopper_id)
    row = repository.of_order(session, order_id)
    return proof.live(order_id, at) if row is not None and row.state == READY and goes_on(order) else None


def here(session: Session, order_id: str, shopper_id: str, *, at: datetime) -> bool:
    """She says that she is there. True when that is new. Raises UnknownOrder, CollectionNotReady."""
    owned(session, order_id, shopper_id)
    row = repository.of_order(session, order_id)
    if row is None or row.state != READY:
        raise CollectionNotReady
    return repository.arrive(session, order_id, at, BY_HERSELF)


def arrived(session: Session, shopper_id: str, place_id: str, moment_id: str, *, at: datetime) -> int:
    """Our own geofence has seen her come. Told to the store only while she agrees to the use of her location; returns of how many orders."""
    waiting = repository.waiting_at(session, shopper_id, place_id)
    if not waiting or isinstance(gate.may(session, shopper_id, Purpose.LOCATION, at), Fail):
        return 0
    return sum(repository.arrive(session, order_id, at, BY_MOMENT, moment_id) for order_id in waiting)


def at_stores(session: Session, place_ids: Collection[str], at: datetime) -> list[CollectionAtStore]:
    """What the stores pick and hand over; only orders that stand."""
    rows = repository.of_places(session, place_ids)
    found = {o.id: o for o in session.scalars(select(OrderRow).where(OrderRow.id.in_([row.order_id for row in rows]))) if goes_on(o)}
    standing, cash = set(found), claims.of_orders(session, [o.id for o in found.values() if o.payment_id is None])
    rows = [row for row in rows if row.order_id in standing]
    names, pieces = addresses.defaults(session, {row.shopper_id for row in rows}), pieces_of(session, standing)
    return [_at_store(row, names.get(row.shopper_id), pieces[row.order_id], cash.get(row.order_id), at) for row in rows]


def make_ready(session: Session, order_id: str, place_ids: Collection[str], *, at: datetime) -> None:
    """It is picked and waits. If she is in the store already, it is known at once that she is. Asked twice, nothing changes. Raises UnknownOrder,
    CollectionNotReady."""
    _, row = _of_store(session, order_id, place_ids)
    until = at + timedelta(days=row.kept_days)
    if not repository.make_ready(session, order_id, at, until):
        return
    moves.wait_until(session, order_id, until)
    emit(session, OrderPicked(order_id, row.shopper_id, row.place_id, at, until), subject=row.shopper_id)
    visit = geofences.open_visit(session, row.shopper_id, row.place_id)
    if visit is not None and not isinstance(gate.may(session, row.shopper_id, Purpose.LOCATION, at), Fail):
        repository.arrive(session, order_id, at, BY_MOMENT)


def hand_over(session: Session, order_id: str, typed: str, place_ids: Collection[str], *, by: str, at: datetime) -> None:
    """Against the code her phone shows now, once. Raises UnknownOrder, CollectionNotReady, HandOverRefused, and CashDue before its money is there."""
    order, row = _of_store(session, order_id, place_ids)
    if wrong := proof.against(order_id, typed, at):
        raise HandOverRefused(wrong)
    if row.state == OPEN:
        raise CollectionNotReady
    if not stands(order):
        raise CashDue
    if not repository.hand_over(session, order_id, at, by):
        raise HandOverRefused("It was handed over already.")


def _of_store(session: Session, order_id: str, place_ids: Collection[str]) -> tuple[OrderRow, CollectionRow]:
    """With the order's row locked, so that it is not given up meanwhile."""
    order = locked(session, order_id)
    row = repository.of_order(session, order_id)
    if order is None or row is None or row.place_id not in place_ids:
        raise UnknownOrder
    if not goes_on(order):
        raise CollectionNotReady
    return order, row


def _at_store(row: CollectionRow, address: Address | None, pieces: Sequence[tuple[str, int]], cash: CashView | None, at: datetime) -> CollectionAtStore:
    called = address.name.split()[0] if address is not None else "Somebody"
    late = row.ready_until is not None and row.ready_until <= at
    return CollectionAtStore(row.order_id, row.place_id, row.state, called, tuple(pieces), row.placed_at, row.ready_until, row.arrived_at, late, cash)

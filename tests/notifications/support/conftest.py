"""What the tests of support share: a shopper with an order at a store with hours, people of ours, and the steps of a case in one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.security import people
from app.security.principals import Principal, Role
from app.security.vault import Vault, open_vault, use_vault
from geofences.models import PlaceRow
from notifications import facade as notifications
from notifications.contracts import ChannelKind
from notifications.hours import WEEK
from notifications.models import Delivery, Message
from notifications.support import handling, opening, viewing
from notifications.support.contracts import About, CaseView, Category, Channel, QueuedCase
from notifications.support.models import Case
from notifications.support.opening import Told
from notifications.support.settings import SupportSettings
from notifications.support.states import Move
from notifications.support.telling import Teller
from storefront.orders.models import OrderRow
from tests.conftest import START

MAIJA, OLLI, BOSS = Principal(Role.CLERK, "per_maija", None), Principal(Role.CLERK, "per_olli", None), Principal(Role.OPERATOR, "per_boss", None)
SETTINGS = SupportSettings()
TAKE_OVER_S = 3600
PLACE = "plc_kluuvi"


@pytest.fixture
def vault(tmp_path: Path, database: Database) -> Iterator[Vault]:
    kept = open_vault(tmp_path, clock=database.clock)
    use_vault(kept)
    yield kept
    kept.close()


class Desk:
    """START is Saturday 14:00 in Helsinki; the store is open from 10 to 20, and closed on Sundays."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock, self.woken = database, clock, list[str]()
        self.teller = Teller(frozenset({ChannelKind.INBOX, ChannelKind.EMAIL, ChannelKind.FCM}), self.woken.append)
        hours = {day: "closed" if day == "sun" else "10:00-20:00" for day in WEEK}
        with database.transaction() as session:
            session.add(PlaceRow(id=PLACE, name="Kluuvi", kind="shop", timezone="Europe/Helsinki", tags=[], hours=hours, lat_deg=60.1, lon_deg=24.9, changed_at=START))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def run(self, work: Callable[[Session], Any]) -> Any:
        with self.database.transaction() as session:
            return work(session)

    def shopper(self) -> str:
        return self.run(lambda session: people.register_device(session, "Phone", "android", self.now)).shopper_id

    def order(self, shopper_id: str, order_id: str = "ord_1") -> str:
        sums = {"subtotal_minor": 100, "discount_minor": 0, "total_minor": 100}
        self.run(lambda session: session.add(OrderRow(id=order_id, shopper_id=shopper_id, state="paid", place_id=PLACE, currency="EUR", placed_at=START, expires_at=START, paid_at=START, **sums)))
        return order_id

    def open(self, shopper_id: str, text: str = "Where is my parcel?", category: Category = Category.ORDER, channel: Channel = Channel.APP, **about: Any) -> str:
        told = Told(text, category, about=About(**about), channel=channel)
        return self.run(lambda session: opening.open_case(session, shopper_id, told, SETTINGS, at=self.now))

    def write(self, shopper_id: str, case_id: str, text: str = "Hello?") -> None:
        self.run(lambda session: opening.write(session, shopper_id, case_id, text, SETTINGS, at=self.now))

    def claim(self, case_id: str, by: Principal = MAIJA) -> None:
        self.run(lambda session: handling.claim(session, case_id, by=by, at=self.now, take_over_after_s=TAKE_OVER_S))

    def answer(self, case_id: str, text: str = "It comes today.", by: Principal = MAIJA) -> None:
        self.run(lambda session: handling.answer(session, case_id, text, SETTINGS, self.teller, by=by, at=self.now))

    def move(self, case_id: str, what: Move, by: Principal = MAIJA) -> None:
        self.run(lambda session: handling.move(session, case_id, what, SETTINGS, self.teller, by=by, at=self.now))

    def row(self, case_id: str) -> Case:
        with self.database.reading() as session:
            row = session.get_one(Case, case_id)
            session.expunge(row)
            return row

    def view(self, shopper_id: str, case_id: str) -> CaseView:
        with self.database.reading() as session:
            return viewing.one_of_hers(session, shopper_id, case_id, SETTINGS, self.now)

    def queue(self, *, every: bool = False) -> list[QueuedCase]:
        with self.database.reading() as session:
            return handling.queue(session, self.now, TAKE_OVER_S, every=every)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.reading() as session:
            rows = session.execute(select(OutboxEvent.type, OutboxEvent.payload).where(OutboxEvent.type.like("support.%")).order_by(OutboxEvent.id))
            return [(row.type, row.payload) for row in rows]

    def inbox(self, shopper_id: str) -> list[tuple[str, str, str]]:
        with self.database.reading() as session:
            return [(m.title, m.body, m.link) for m in notifications.inbox(session, shopper_id, at=self.now)]

    def sent(self) -> list[tuple[str, str]]:
        """(kind of message, channel) of all that goes out."""
        with self.database.reading() as session:
            found = session.execute(select(Message.kind, Delivery.channel).join(Message, Message.id == Delivery.message_id).order_by(Delivery.created_at, Delivery.channel))
            return [(kind, channel) for kind, channel in found]


@pytest.fixture
def desk(database: Database, vault: Vault, clock: ManualClock) -> Desk:
    return Desk(database, clock)

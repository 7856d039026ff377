"""Told once for each step of an order: in her inbox always, on her phone if she wants it, by day, of what is still so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from app.kernel.clock import ManualClock
from app.kernel.relay import Relay
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from notifications import dispatch, facade, order_news, preferences
from notifications.models import Delivery, Message
from notifications.order_news import message_id_of
from storefront.collection.models import CollectionRow
from storefront.orders import fetching
from storefront.orders.models import OrderRow
from tests.conftest import START
from tests.notifications.conftest import Phone, Room

ORDER = "ord_1"
UNTIL = START.replace(day=24)


class Counter:
    """A store's counter, and the phone of somebody who has ordered there."""

    def __init__(self, room: Room, clock: ManualClock) -> None:
        self.room, self.database, self.clock = room, room.database, clock

    def shopper(self, *, agreed: bool = True) -> Phone:
        phone = self.room.phone(consent=False)
        if agreed:
            self.agree(phone.shopper_id, granted=True)
        with self.database.transaction() as session:
            sums = {"subtotal_minor": 100, "discount_minor": 0, "total_minor": 100}
            session.add(OrderRow(id=ORDER, shopper_id=phone.shopper_id, state="paid", currency="EUR", placed_at=START, expires_at=START, paid_at=START, **sums))
            session.flush()
            session.add(CollectionRow(order_id=ORDER, shopper_id=phone.shopper_id, place_id="plc_1", state="open", kept_days=3, placed_at=START))
        return phone

    def agree(self, shopper_id: str, *, granted: bool) -> None:
        with self.database.transaction() as session:
            set_consent(session, shopper_id, Purpose.ORDER_NEWS, granted=granted, source="test", at=self.clock.now())

    def ready(self, *, heard: bool = True) -> None:
        with self.database.transaction() as session:
            fetching.make_ready(session, ORDER, ("plc_1",), at=self.clock.now())
        if heard:
            self.room.relay.run_until_idle()

    def change(self, model: Any, **values: Any) -> None:
        with self.database.transaction() as session:
            session.execute(update(model).values(**values))

    def told(self, shopper_id: str) -> list[tuple[str, str, str]]:
        with self.database.reading() as session:
            return [(m.title, m.body, m.link) for m in facade.inbox(session, shopper_id, at=self.clock.now())]

    def send(self) -> list[tuple[str, tuple[str, ...]]]:
        """What became of the pushes, once those that are due have gone."""
        with ThreadPoolExecutor(1) as executor:
            dispatch.run_once(self.database, self.room.gateway, self.room.settings, executor)
        return self.pushes()

    def pushes(self) -> list[tuple[str, tuple[str, ...]]]:
        with self.database.reading() as session:
            return [(d.state, tuple(d.reasons)) for d in session.scalars(select(Delivery).where(Delivery.channel != "inbox"))]


@pytest.fixture
def counter(room: Room, clock: ManualClock) -> Counter:
    return Counter(room, clock)


class TestReady:
    def test_in_her_inbox_and_on_her_phone_with_the_orders_page_behind_it(self, counter: Counter) -> None:
        """Planted bug: the push asks for the consent to offers, which she has not given."""
        jane = counter.shopper()
        counter.ready()
        body = "Fetch your order until November 24, 2026. The code to show is on its page."
        assert counter.told(jane.shopper_id) == [("Ready for you at Ooey Gooey Kamppi", body, f"/m/orders/{ORDER}")]
        assert counter.send() == [("sent", ())]
        assert [(push.title, push.collapse_key) for push in counter.room.gateway.arrived] == [("Ready for you at Ooey Gooey Kamppi", ORDER)]

    def test_once_however_often_it_is_asked_or_heard(self, counter: Counter) -> None:
        """Planted bug: a message id of its own each time, with the event heard by a relay that has forgotten that it had it."""
        jane = counter.shopper()
        counter.ready()
        counter.ready()
        [event] = [order_news.OrderPicked(e["order_id"], e["shopper_id"], e["place_id"], START, UNTIL) for e in counter.room.said("order.picked")]
        with counter.database.transaction() as session:
            assert not counter.room.parts.teller.ready(session, event, START)
        assert len(counter.told(jane.shopper_id)) == 1
        assert counter.send() == counter.send() == [("sent", ())]

    def test_killed_before_it_was_told_it_is_told_by_the_next_process(self, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        """The process dies after the message is written and before it is committed. Planted bug: the event is emitted after the commit, by hand."""
        jane = counter.shopper()

        def dies(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(order_news.OrderTeller, "_queue", dies)
            counter.ready(heard=False)
            with pytest.raises(KeyboardInterrupt):
                counter.room.relay.run_until_idle()
        assert counter.told(jane.shopper_id) == []
        counter.clock.advance(120)  # whatever the dead process has claimed is free again
        Relay(counter.database, counter.room.subscriptions).run_until_idle()
        assert len(counter.told(jane.shopper_id)) == 1

    def test_in_the_language_she_likes(self, counter: Counter) -> None:
        jane = counter.shopper()
        with counter.database.transaction() as session:
            preferences.keep(session, jane.shopper_id, language="fi", ways=(), called="", at=START)
        counter.ready()
        assert counter.told(jane.shopper_id)[0][:2] == ("Noudettavissa: Ooey Gooey Kamppi", "Nouda tilauksesi viimeistään 24. marraskuuta 2026. Näytettävä koodi on tilauksen sivulla.")

    @pytest.mark.parametrize(("model", "values"), [(CollectionRow, {"state": "handed_over"}), (OrderRow, {"refund_state": "due"}), (OrderRow, {"state": "refunded"})])
    def test_what_is_over_by_then_is_not_told(self, counter: Counter, model: Any, values: dict[str, Any]) -> None:
        jane = counter.shopper()
        counter.ready(heard=False)
        counter.change(model, **values)
        counter.room.relay.run_until_idle()
        assert counter.told(jane.shopper_id) == []


class TestTell:
    def test_without_her_yes_the_inbox_has_it_and_no_phone_rings(self, counter: Counter) -> None:
        """The record says why. Planted bug: the consent is not asked."""
        jane = counter.shopper(agreed=False)
        counter.ready()
        assert len(counter.told(jane.shopper_id)) == 1
        assert counter.pushes() == counter.send() == [("suppressed", ("no_consent_order_news",))]
        with counter.database.reading() as session:
            why = facade.explain(session, message_id=message_id_of(ORDER, "ready"))
        assert why is not None
        assert why.text == "The message is in your inbox. You have not asked us to tell your phone how far your orders are; the message is in the app's inbox."

    def test_by_night_the_inbox_has_it_and_the_phone_waits_for_the_morning(self, counter: Counter) -> None:
        jane = counter.shopper()
        counter.clock.advance(10 * 3600)  # 22:00 in Helsinki
        counter.ready()
        assert len(counter.told(jane.shopper_id)) == 1
        assert counter.pushes() == counter.send() == [("queued", ("quiet_hours",))]
        counter.clock.advance(12 * 3600)
        assert counter.send() == [("sent", ())]

    def test_a_no_stops_what_waits_and_one_to_offers_does_not(self, counter: Counter) -> None:
        """Planted bug: whatever waits on a channel is dropped with the consent to offers there."""
        jane = counter.shopper()
        counter.ready()
        counter.room.consent(jane.shopper_id)
        counter.room.consent(jane.shopper_id, given=False)
        counter.room.relay.run_until_idle()
        with counter.database.reading() as session:
            assert [d.state for d in session.scalars(select(Delivery).where(Delivery.channel == "fcm"))] == ["queued"]
        counter.agree(jane.shopper_id, granted=False)
        counter.room.relay.run_until_idle()
        assert counter.send() == [("suppressed", ("no_consent_order_news",))]

    def test_of_somebody_who_is_gone_nothing_is_written(self, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        counter.shopper()
        monkeypatch.setattr(people, "shopper_exists", lambda _session, _id: False)
        counter.ready()
        with counter.database.reading() as session:
            assert session.scalars(select(Message.id)).all() == []

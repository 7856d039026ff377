"""Told once for each step of an order: in her inbox always, on her phone if she wants it, by day, of what is still so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.kernel.clock import ManualClock
from app.kernel.relay import Relay
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from notifications import dispatch, facade, order_news, preferences
from notifications.models import Delivery, Message
from notifications.order_news import message_id_of
from notifications.phrases import PHRASES
from storefront.addresses import repository as addresses
from storefront.addresses.formats import Address
from storefront.collection.models import CollectionRow
from storefront.delivery.models import DeliveryBookingRow
from storefront.orders import fetching, shipping
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.shipments.states import Failure, Left
from storefront.shipments.states import ShipmentState as S
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


class TestMoved:
    @pytest.fixture
    def parcel(self, counter: Counter) -> tuple[Phone, str]:
        """A parcel of hers, packed."""
        jane = counter.shopper()
        with counter.database.transaction() as session:
            session.execute(delete(CollectionRow))
            open_times = {"starts_at": START, "ends_at": START, "closes_at": START, "timezone": "Europe/Helsinki"}
            sealed = addresses.sealed(jane.shopper_id, Address("Jane", ("Tie 1",), "00100", "Helsinki", "", "FI"), ORDER)
            session.add(DeliveryBookingRow(order_id=ORDER, shopper_id=jane.shopper_id, area_id="a", slot_id="s", state="held", sealed=sealed, currency="EUR", price_minor=0, base_minor=0, **open_times))
            session.add(OrderLineRow(order_id=ORDER, line_no=1, product_id="p", name="Bar", unit_minor=100, quantity=1, discount_minor=0, total_minor=100))
            session.flush()
            return jane, shipping.pack(session, ORDER, {1: 1}, None, carrier="Posti", by="key_1", at=START)

    def move(self, counter: Counter, parcel: str, *steps: S, **more: Any) -> None:
        for step in steps:
            with counter.database.transaction() as session:
                shipping.move(session, parcel, step, None, by="key_1", at=counter.clock.now(), **more)
            counter.room.relay.run_until_idle()

    def test_each_step_once_and_the_later_takes_the_place_of_the_earlier(self, counter: Counter, parcel: tuple[Phone, str]) -> None:
        """Planted bug: news of a parcel is known by the order alone, so that only the first is told."""
        jane, pcl = parcel
        self.move(counter, pcl, S.HANDED_OVER, S.HANDED_OVER)
        self.move(counter, pcl, S.OUT_FOR_DELIVERY, expected_at=START + timedelta(hours=3))
        self.move(counter, pcl, S.DELIVERED, S.OUT_FOR_DELIVERY)
        assert [body for _, body, _ in counter.told(jane.shopper_id)] == [
            "Your parcel was handed to Posti. The order's page shows how far it is.", "Posti is out with your parcel, expected Nov 21, 2026, 5:00 PM.", "Your parcel is there.",
        ]  # fmt: skip
        counter.send()
        assert {push.collapse_key for push in counter.room.gateway.attempts} == {ORDER}

    def test_why_it_was_not_delivered_in_her_language(self, counter: Counter, parcel: tuple[Phone, str]) -> None:
        jane, pcl = parcel
        with counter.database.transaction() as session:
            preferences.keep(session, jane.shopper_id, language="sv", ways=(), called="", at=START)
        self.move(counter, pcl, S.OUT_FOR_DELIVERY)
        self.move(counter, pcl, S.FAILED, why=Failure.NOBODY_THERE)
        self.move(counter, pcl, S.RETURNED)
        assert [body for _, body, _ in counter.told(jane.shopper_id)] == [
            "Posti är ute med ditt paket.", "Ditt paket kunde inte levereras och kommer tillbaka till oss: ingen var där.",
        ]  # fmt: skip

    def test_what_was_left_says_where_and_that_it_is_not_proved(self, counter: Counter, parcel: tuple[Phone, str]) -> None:
        jane, pcl = parcel
        self.move(counter, pcl, S.OUT_FOR_DELIVERY)
        with counter.database.transaction() as session:
            shipping.leave(session, pcl, Left.NEIGHBOUR, None, by="psn_1", at=START)
        counter.room.relay.run_until_idle()
        assert counter.told(jane.shopper_id)[-1][:2] == ("Left for you", "Your parcel was left with a neighbour; nobody showed your code. Not there? Tell us.")

    def test_what_is_farther_by_then_is_told_of_where_it_is(self, counter: Counter, parcel: tuple[Phone, str]) -> None:
        """Planted bug: the parcel is not looked at again."""
        jane, pcl = parcel
        with counter.database.transaction() as session:
            for step in (S.HANDED_OVER, S.DELIVERED):
                shipping.move(session, pcl, step, None, by="key_1", at=START)
        counter.room.relay.run_until_idle()
        assert [title for title, _, _ in counter.told(jane.shopper_id)] == ["Delivered"]

    def test_words_for_every_cause_and_step(self) -> None:
        assert {f"order.why.{cause}" for cause in Failure} | {f"order.where.{place}" for place in Left} <= set(PHRASES)
        assert {f"order.{state}.{part}" for state in order_news.TOLD_OF for part in ("title", "body")} <= set(PHRASES)
        assert set(S) >= order_news.TOLD_OF


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

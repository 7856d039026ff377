"""A message goes by the first way that is open, and by the next where nothing can have arrived by it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.kernel.db import Database
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.contacts import repository
from app.security.contacts.facade import ContactKind
from notifications import checking, dispatch, facade, handlers, preferences
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.announce import Announcer
from notifications.contracts import ChannelKind
from notifications.fallback import Further
from notifications.models import REPLY, Message, PushToken
from notifications.order_news import OrderTeller
from notifications.ports import Outcome, PushReceipt
from notifications.settings import NotificationSettings
from notifications.wish_news import WishTeller
from offers import facade as offers
from offers.contracts import CampaignMessage, CouponMessage, Way
from offers.message import MessageText
from tests.notifications.conftest import FakePlaces, Phone, Room

ALL = frozenset(ChannelKind)
REFUSED, DEAD = PushReceipt(Outcome.REFUSED, reason="provider_refused"), PushReceipt(Outcome.DEAD, reason="token_dead")
UNKNOWN, AGAIN = PushReceipt(Outcome.UNKNOWN, reason="provider_unknown"), PushReceipt(Outcome.RETRY, reason="provider_quota")


class Ways(Room):
    """A room in which every channel is set up, with a gateway in memory for each."""

    def __init__(self, database: Database, settings: NotificationSettings) -> None:
        super().__init__(database, settings, MemoryGateway())
        self.gateways = {kind: MemoryGateway() for kind in ALL if kind is not ChannelKind.INBOX}
        for kind, gateway in self.gateways.items():
            gateway.channel = kind.value
        self.subscriptions = type(self.subscriptions)()
        handlers.subscribe(self.subscriptions, Announcer(settings, ALL, lambda _: None, lambda: None), OrderTeller(settings, ALL, lambda _: None, lambda: None), WishTeller(settings, ALL, lambda _: None, lambda: None), settings)
        self.subscriptions.attach(database)
        self.relay = type(self.relay)(database, self.subscriptions)
        self.further = Further(ALL, settings)

    def her(self, *purposes: Purpose, push: bool = False) -> Phone:
        phone = self.phone(consent=False, push=push)
        with self.database.transaction() as session:
            for purpose in purposes:
                grant(session, phone.shopper_id, purpose, source="test", at=self.database.clock.now())
            repository.put(session, phone.shopper_id, ContactKind.EMAIL, f"{phone.shopper_id}@example.org", self.database.clock.now())
            repository.put(session, phone.shopper_id, ContactKind.PHONE, f"+35840{int(phone.shopper_id[-7:], 36) % 10_000_000:07d}", self.database.clock.now())
        return phone

    def send(self) -> None:
        with ThreadPoolExecutor(1) as executor:
            for _ in range(3):
                for gateway in self.gateways.values():
                    dispatch.run_once(self.database, gateway, self.settings, executor, further=self.further)

    def sent(self, message_id: str) -> set[str]:
        return {channel for channel, (state, _) in self.states(message_id).items() if state == "sent"}

    def ways(self, message_id: str) -> list[tuple[object, str]]:
        with self.database.reading() as session:
            told = facade.explain(session, message_id=message_id)
        assert told is not None
        return [(way.facts["channel"], way.code) for way in told.ways]


@pytest.fixture
def house(database: Database, settings: NotificationSettings, places: FakePlaces) -> Ways:
    return Ways(database, settings)


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch) -> Callable[[CampaignMessage], None]:
    def says(message: CampaignMessage) -> None:
        values: dict[str, object] = {"name": None, "place": "Kamppi", "offer": "20 % off"}
        monkeypatch.setattr(offers, "coupon_message", lambda *_a, **_k: CouponMessage(message, values))

    return says


class TestAnnounced:
    def test_who_agreed_to_mail_alone_is_mailed_and_finds_nothing_in_the_inbox(self, house: Ways) -> None:
        jane = house.her(Purpose.MARKETING_EMAIL, push=True)
        message_id = house.issue(jane.shopper_id)
        house.send()
        assert house.sent(message_id) == {"email"}
        assert house.states(message_id)["inbox"] == ("suppressed", ("no_consent_marketing_push",))
        assert house.ways(message_id) == [("push", "no_consent_marketing_push"), ("whatsapp", "no_consent_marketing_whatsapp"), ("sms", "no_consent_marketing_sms"), ("email", "way_open")]
        with house.database.reading() as session:
            assert facade.inbox(session, jane.shopper_id) == []

    def test_who_agreed_to_nothing_is_told_nowhere(self, house: Ways) -> None:
        jane = house.her()
        message_id = house.issue(jane.shopper_id)
        house.send()
        assert house.sent(message_id) == set()
        assert house.said("push.sent") == []

    def test_an_offer_that_ends_soon_is_not_mailed(self, house: Ways) -> None:
        jane = house.her(Purpose.MARKETING_EMAIL)
        message_id = house.issue(jane.shopper_id, life_s=600)
        house.send()
        assert house.sent(message_id) == set()
        assert house.ways(message_id)[-1] == ("email", "too_late_for_channel")

    def test_her_order_goes_before_the_campaigns(self, house: Ways) -> None:
        jane = house.her(Purpose.MARKETING_PUSH, Purpose.MARKETING_SMS, push=True)
        with house.database.transaction() as session:
            preferences.keep(session, jane.shopper_id, language="", ways=[Way.SMS], called="", at=house.database.clock.now())
        message_id = house.issue(jane.shopper_id)
        house.send()
        assert house.sent(message_id) == {"inbox", "sms"}

    def test_over_the_cap_of_a_way_the_next_is_taken(self, house: Ways) -> None:
        jane = house.her(Purpose.MARKETING_SMS, Purpose.MARKETING_EMAIL)
        told = []
        for name in "12345":
            told.append(house.issue(jane.shopper_id, name=name, visit=f"vis_{name}", campaign_id=f"cmp_{name}"))
            house.send()
        assert [house.sent(one) for one in told] == [{"sms"}] * 4 + [{"email"}]

    def test_answers_to_her_count_for_no_cap(self, house: Ways) -> None:
        """Seen to fail where every text to her number counted."""
        jane = house.her(Purpose.MARKETING_SMS, Purpose.MARKETING_EMAIL)
        first = [house.issue(jane.shopper_id, name=name, visit=f"vis_{name}", campaign_id=f"cmp_{name}") for name in "1234"]
        house.send()
        with house.database.transaction() as session:
            session.execute(update(Message).where(Message.id.in_(first)).values(kind=REPLY))
        fifth = house.issue(jane.shopper_id, name="5", visit="vis_5", campaign_id="cmp_5")
        house.send()
        assert house.sent(fifth) == {"sms"}

    def test_texts_of_the_campaign_in_her_language_and_by_its_ways(self, house: Ways, campaign: Any) -> None:
        campaign(CampaignMessage("en", (MessageText("en", "Hi", "b"), MessageText("fi", "Hei {{ name }}", "{{ place }}", sms="Hei {{ name }}!")), (Way.SMS,), risky=True))
        jane = house.her(Purpose.MARKETING_SMS, Purpose.MARKETING_PUSH, push=True)
        with house.database.transaction() as session:
            preferences.keep(session, jane.shopper_id, language="fi", ways=[], called="Aino", at=house.database.clock.now())
        message_id = house.issue(jane.shopper_id, has_message=True)
        house.send()
        [request] = house.gateways[ChannelKind.SMS].attempts
        assert (request.title, request.body.splitlines()[0], request.link, request.extras.risky, request.extras.language) == ("", "Hei Aino!", "", True, "fi")
        assert checking.code_of(jane.shopper_id, message_id) in request.body
        assert house.ways(message_id)[0] == ("push", "way_not_of_campaign")

    def test_a_text_that_cannot_be_made_is_a_reason_and_nothing_is_sent(self, house: Ways, campaign: Any) -> None:
        campaign(CampaignMessage("en", (MessageText("en", "Hi {{ name }}", "b"),)))
        jane = house.her(Purpose.MARKETING_PUSH, push=True)
        message_id = house.issue(jane.shopper_id, has_message=True)
        house.send()
        assert house.states(message_id) == {"inbox": ("suppressed", ("text_not_made",))}


class TestFollow:
    @pytest.mark.parametrize("receipt", [REFUSED, DEAD])
    def test_the_next_way_where_nothing_can_have_arrived(self, house: Ways, receipt: PushReceipt) -> None:
        jane = house.her(Purpose.MARKETING_PUSH, Purpose.MARKETING_SMS, Purpose.MARKETING_EMAIL, push=True)
        house.gateways[ChannelKind.FCM].program(str(jane.address), receipt)
        message_id = house.issue(jane.shopper_id)
        house.send()
        assert house.sent(message_id) == {"inbox", "sms"}
        assert house.ways(message_id) == [("push", "way_open"), ("whatsapp", "no_consent_marketing_whatsapp"), ("sms", "way_open")]

    @pytest.mark.parametrize("receipts", [(UNKNOWN,), (AGAIN, REFUSED)])
    def test_nothing_follows_what_may_have_arrived(self, house: Ways, receipts: tuple[PushReceipt, ...]) -> None:
        """Seen to fail where a second try was not taken for one that may have arrived."""
        jane = house.her(Purpose.MARKETING_PUSH, Purpose.MARKETING_SMS, push=True)
        house.gateways[ChannelKind.FCM].program(str(jane.address), *receipts)
        message_id = house.issue(jane.shopper_id)
        for _ in receipts:
            house.send()
            house.database.clock.advance(seconds=400)
        house.send()
        assert house.sent(message_id) == {"inbox"}

    def test_a_push_that_was_begun_and_whose_phone_is_gone_is_not_told_by_text(self, house: Ways) -> None:
        """Seen to fail where only the number of answers was looked at: the phone may have shown it before its token died."""
        jane = house.her(Purpose.MARKETING_PUSH, Purpose.MARKETING_SMS, push=True)
        house.gateways[ChannelKind.FCM].program(str(jane.address), AGAIN)
        message_id = house.issue(jane.shopper_id)
        house.send()
        with house.database.transaction() as session:
            session.execute(delete(PushToken))
        house.database.clock.advance(seconds=400)
        house.send()
        assert house.sent(message_id) == {"inbox"}

    def test_a_text_whose_sender_was_lost_is_not_sent_again(self, house: Ways) -> None:
        """Nobody can tell whether it went out, and a repeat would be seen. Seen to fail where it was claimed a second time."""
        jane = house.her(Purpose.MARKETING_SMS)
        message_id = house.issue(jane.shopper_id)
        at = house.database.clock.now
        with house.database.transaction() as session:
            _, (begun,) = dispatch.claim(session, "sms", at=at(), limit=10, lease_s=60)
        house.gateways[ChannelKind.SMS].send(begun.request)  # ... and the process is gone
        house.database.clock.advance(seconds=61)
        house.send()
        assert len(house.gateways[ChannelKind.SMS].arrived) == 1
        assert house.states(message_id)["sms"] == ("suppressed", ("provider_unknown",))

    def test_a_consent_withdrawn_while_it_waits_leads_to_the_next_way(self, house: Ways) -> None:
        jane = house.her(Purpose.MARKETING_SMS, Purpose.MARKETING_EMAIL)
        message_id = house.issue(jane.shopper_id)
        with house.database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.MARKETING_SMS, source="test", at=house.database.clock.now())
        house.send()
        assert house.sent(message_id) == {"email"}

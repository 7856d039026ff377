"""From an issued coupon to what a browser, a mailbox and a phone without our app get; and what they do not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient

from app.demo.peers.scripted_peer import Answer
from app.demo.peers.twilio_peer import TwilioPeer
from app.demo.peers.web_push_peer import WebPushPeer
from app.kernel.db import Database
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.contacts import repository
from app.security.contacts.facade import ContactKind
from app.security.contacts.settings import ContactSettings
from app.security.return_paths import return_address, token_of
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.channel_settings import ChannelSettings
from notifications.leaving_endpoints import router as leaving_router
from notifications.settings import NotificationSettings
from tests.app.security.contacts.smtp_peer import SmtpPeer
from tests.notifications.conftest import FakePlaces, Phone, Room

NUMBER = "+358401234567"


@dataclass
class World:
    """A room with every channel on, and what is behind each."""

    room: Room
    web_push: WebPushPeer
    mail: SmtpPeer
    twilio: TwilioPeer

    def reachable(self, *purposes: Purpose, contact: bool = True) -> Phone:
        phone = self.room.phone(push=False)
        at = self.room.database.clock.now()
        with self.room.database.transaction() as session:
            for purpose in purposes:
                grant(session, phone.shopper_id, purpose, source="test", at=at)
            if contact:
                repository.put(session, phone.shopper_id, ContactKind.EMAIL, "jane@example.org", at)
                repository.put(session, phone.shopper_id, ContactKind.PHONE, NUMBER, at)
        return phone

    def client(self) -> TestClient:
        app = self.room.app()
        app.include_router(leaving_router)
        return TestClient(app)


def until(done: Callable[[], object], most_s: float = 60) -> None:
    end = time.monotonic() + most_s
    while not done():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@pytest.fixture
def world(database: Database, settings: NotificationSettings, places: FakePlaces) -> Iterator[World]:
    with WebPushPeer() as web_push, SmtpPeer() as mail, TwilioPeer() as twilio:
        channels = ChannelSettings(  # type: ignore[call-arg]
            web_push_contact="mailto:ops@shop.example", web_push_services=(web_push.url,), email_sender="offers@shop.example", email_bounces="bounces@shop.example",
            twilio_account=twilio.account, twilio_token="t", twilio_url=twilio.url, sms_sender="+358401111111", whatsapp_sender="+358401111111", timeout_s=30,
        )  # fmt: skip
        server = ContactSettings(smtp_host="127.0.0.1", smtp_port=mail.port, smtp_security="none", smtp_timeout_s=30)  # type: ignore[call-arg]
        room = Room(database, settings, MemoryGateway(), channels, server)
        room.parts.start()
        yield World(room, web_push, mail, twilio)
        room.parts.stop()


class TestWebPush:
    def test_subscribed_told_once_opened_and_forgotten_when_gone(self, world: World) -> None:
        room, client = world.room, world.client()
        jane = room.phone(push=False)
        headers = {"Authorization": f"Bearer {jane.bearer}"}
        assert len(client.get("/v1/web-push/key", headers=headers).json()["public_key"]) == 87
        taken = client.post("/v1/devices/me/web-push", json=world.web_push.subscribe("b1"), headers=headers | {"Idempotency-Key": "k1"})
        assert (taken.status_code, taken.json()["kind"]) == (200, "web_push")
        message_id = room.issue(jane.shopper_id)
        until(lambda: world.web_push.delivered.get("b1"))
        until(lambda: room.states(message_id).get("web_push", ("",))[0] == "sent")
        [(data, _)] = world.web_push.delivered["b1"]
        assert (data["message_id"], data["title"], data["link"][:3]) == (message_id, "Bonbon of the month", "/l/")

        world.web_push.program("b1", Answer(410))
        second = room.issue(jane.shopper_id, name="2", visit="vis_2")
        until(lambda: room.states(second).get("web_push") == ("failed", ("token_dead",)))
        third = room.issue(jane.shopper_id, name="3", visit="vis_3")
        assert room.states(third)["fcm"] == ("suppressed", ("no_push_token",))
        assert len(world.web_push.attempts["b1"]) == 2

    def test_a_subscription_elsewhere_is_refused_by_its_field(self, world: World) -> None:
        jane = world.room.phone(push=False)
        headers = {"Authorization": f"Bearer {jane.bearer}"}
        body = world.web_push.subscribe("b1") | {"endpoint": "http://169.254.169.254/latest"}
        answer = world.client().post("/v1/devices/me/web-push", json=body, headers=headers | {"Idempotency-Key": "k1"})
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, ["endpoint"])


class TestFallback:
    def test_a_mailbox_where_there_is_no_phone_until_she_leaves_by_its_link(self, world: World) -> None:
        room = world.room
        jane = world.reachable(Purpose.MARKETING_EMAIL)
        message_id = room.issue(jane.shopper_id)
        until(lambda: world.mail.messages)
        until(lambda: room.states(message_id)["email"][0] == "sent")
        assert {c: s for c, s in room.states(message_id).items() if c != "email"} == {
            "inbox": ("sent", ()), "fcm": ("suppressed", ("no_push_token",)),
            "whatsapp": ("suppressed", ("no_consent_marketing_whatsapp",)), "sms": ("suppressed", ("no_consent_marketing_sms",)),
        }  # fmt: skip
        [mail] = world.mail.messages
        assert world.mail.envelope[0] == f"mail FROM:<{return_address('bounces@shop.example', token_of(message_id))}>"
        link = mail["list-unsubscribe"].strip("<>").removeprefix("https://shop.example")
        assert world.client().post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        second = room.issue(jane.shopper_id, name="2", visit="vis_2")
        assert room.states(second)["email"] == ("suppressed", ("no_consent_marketing_email",))
        assert len(world.mail.messages) == 1

    def test_a_text_by_the_number_she_has_shown_to_be_hers(self, world: World) -> None:
        jane = world.reachable(Purpose.MARKETING_SMS, Purpose.MARKETING_EMAIL)
        world.room.issue(jane.shopper_id)
        until(lambda: world.twilio.delivered.get(NUMBER))
        assert world.twilio.delivered[NUMBER][0]["Body"].startswith("Bonbon of the month\n25 % off\n")
        assert world.mail.messages == []

    def test_whatsapp_without_an_approved_text_is_refused_before_anything_is_asked(self, world: World) -> None:
        jane = world.reachable(Purpose.MARKETING_WHATSAPP)
        message_id = world.room.issue(jane.shopper_id)
        until(lambda: world.room.states(message_id)["whatsapp"] == ("failed", ("template_needed",)))
        assert world.twilio.attempts == {}

    def test_without_a_verified_contact_nobody_is_written_to(self, world: World) -> None:
        jane = world.reachable(Purpose.MARKETING_EMAIL, Purpose.MARKETING_SMS, contact=False)
        states = world.room.states(world.room.issue(jane.shopper_id))
        assert (states["email"], states["sms"]) == (("suppressed", ("no_verified_contact",)),) * 2

    def test_a_consent_withdrawn_while_it_waits_stops_it(self, world: World) -> None:
        """Seen to fail with the claim asking for the consent to push whatever the channel."""
        jane = world.reachable(Purpose.MARKETING_EMAIL)
        room = world.room
        for loop in room.parts.loops:
            loop.stop()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.MARKETING_EMAIL, source="test", at=room.database.clock.now())
        from notifications import dispatch

        with room.database.transaction() as session:
            dispatch.claim(session, "email", at=room.database.clock.now(), limit=10, lease_s=60)
        assert room.states(message_id)["email"] == ("suppressed", ("no_consent_marketing_email",))

"""A provider's report, from its signature to the row: believed by the raw body, once, and a later word never unsays an earlier one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.kernel.clock import ManualClock
from app.kernel.http import RequestGuard, install_problems
from app.security.contacts import facade as contacts
from app.security.contacts import repository
from app.security.contacts.facade import ContactKind
from app.security.inbound import meta, twilio
from notifications.adapters.twilio_gateway import STATUS_PATH as TWILIO_STATUS
from notifications.channel_settings import ChannelSettings
from notifications.inbound.endpoints import router
from notifications.models import Delivery
from tests.notifications.conftest import Phone, Room

ORIGIN = "https://shop.example"
CHANNELS = ChannelSettings(  # type: ignore[call-arg]
    twilio_account="AC1", twilio_token="now", twilio_token_before="before", meta_secrets=("new", "old"), meta_verify_token="ours"
)


class World:
    """One message that a provider has taken, and the routes it reports by."""

    def __init__(self, room: Room, channels: ChannelSettings = CHANNELS) -> None:
        self.room = room
        self.jane: Phone = room.phone()
        self.message_id = room.issue(self.jane.shopper_id)
        app = FastAPI()
        app.state.house = SimpleNamespace(database=room.database, settings=SimpleNamespace(channels=channels, base_url=lambda: ORIGIN))
        install_problems(app)
        app.add_middleware(RequestGuard)
        app.include_router(router)
        self.client = TestClient(app)
        self.taken("sms", "SM1")
        with room.database.transaction() as session:
            repository.put(session, self.jane.shopper_id, ContactKind.PHONE, "+358401234567", room.database.clock.now())

    def taken(self, channel: str, name: str) -> None:
        with self.room.database.transaction() as session:
            row = update(Delivery).where(Delivery.message_id == self.message_id, Delivery.channel != "inbox")
            session.execute(row.values(channel=channel, state="sent", provider_message_id=name, sent_at=self.room.database.clock.now()))

    def says(self, status: str, *, token: str = "now", signed: dict[str, str] | None = None, **more: str) -> int:
        fields = {"MessageSid": "SM1", "MessageStatus": status, **more}
        given = twilio.signature(token, ORIGIN + TWILIO_STATUS, list((signed or fields).items()))
        headers = {"X-Twilio-Signature": given, "Content-Type": "application/x-www-form-urlencoded"}
        return self.client.post(TWILIO_STATUS, content=urlencode(fields), headers=headers).status_code

    def row(self) -> tuple[str, list[str], bool, bool]:
        with self.room.database.reading() as session:
            d = session.scalars(select(Delivery).where(Delivery.message_id == self.message_id, Delivery.channel != "inbox")).one()
            return d.state, d.reasons, d.delivered_at is not None, d.read_at is not None

    def number(self) -> str | None:
        with self.room.database.reading() as session:
            return contacts.contact_of(session, self.jane.shopper_id, ContactKind.PHONE)


@pytest.fixture
def world(room: Room) -> Iterator[World]:
    return World(room)


class TestTwilio:
    def test_delivered_then_read_in_any_order_and_again(self, world: World, clock: ManualClock) -> None:
        assert [world.says("sent"), world.row()] == [204, ("sent", [], False, False)]
        assert [world.says("read"), world.row()] == [204, ("sent", [], True, True)]
        clock.advance(60)
        assert [world.says("delivered", token="before"), world.says("undelivered"), world.row()] == [204, 204, ("sent", [], True, True)]

    def test_a_failure_after_it_was_taken_is_told(self, world: World) -> None:
        assert [world.says("undelivered", ErrorCode="30003"), world.says("undelivered", ErrorCode="30003")] == [204, 204]
        assert world.row() == ("failed", ["not_delivered"], False, False)
        assert [said["reason_codes"] for said in world.room.said("push.suppressed")] == [["not_delivered"]]
        assert world.number() is not None

    def test_a_number_that_is_nobodys_is_not_written_to_again(self, world: World) -> None:
        world.says("failed", ErrorCode="30005")
        assert (world.row()[0], world.number()) == ("failed", None)
        assert [said["reason_codes"] for said in world.room.said("push.suppressed")] == [["address_refused"]]

    def test_of_her_old_number_leaves_the_new_one(self, world: World, clock: ManualClock) -> None:
        """Seen to fail where whatever number she has now was taken away."""
        clock.advance(60)
        with world.room.database.transaction() as session:
            repository.put(session, world.jane.shopper_id, ContactKind.PHONE, "+358407654321", clock.now())
        world.says("failed", ErrorCode="30005")
        assert (world.row()[0], world.number()) == ("failed", "+358407654321")

    @pytest.mark.parametrize("case", ["another_token", "changed", "unsigned", "unknown_message"])
    def test_forged_changed_or_of_nobody(self, world: World, case: str) -> None:
        """Seen to fail with the signature not asked for."""
        if case == "unsigned":
            assert world.client.post(TWILIO_STATUS, content="MessageSid=SM1&MessageStatus=read").status_code == 401
        elif case == "unknown_message":
            assert world.says("read", MessageSid="SM2") == 204
        else:
            forged = world.says("read", token="guessed") if case == "another_token" else world.says("read", signed={"MessageSid": "SM1", "MessageStatus": "sent"})
            assert forged == 401
        assert world.row() == ("sent", [], False, False)

    def test_what_is_no_form(self, world: World) -> None:
        assert [world.client.post(TWILIO_STATUS, content=body).status_code for body in (b"\xff\xfe", b"{}", b"")] == [422, 401, 401]

    def test_where_it_is_not_set_up_nobody_is_believed(self, room: Room) -> None:
        client = World(room, ChannelSettings()).client  # type: ignore[call-arg]
        assert [client.post(TWILIO_STATUS).status_code, client.post("/v1/inbound/meta").status_code, client.get("/v1/inbound/meta").status_code] == [401] * 3


class TestMeta:
    def test_verified_by_either_secret_on_the_raw_body(self, world: World) -> None:
        world.taken("whatsapp", "wamid.1")
        body = json.dumps({"entry": [{"changes": [{"value": {"statuses": [{"id": "wamid.1", "status": "read"}]}}]}]}, indent=1).encode()
        again = json.dumps(json.loads(body)).encode()  # written anew: not the bytes that were signed
        answers = [
            world.client.post("/v1/inbound/meta", content=sent, headers={"X-Hub-Signature-256": meta.signature(secret, body)}).status_code
            for sent, secret in ((again, "new"), (body, "guessed"), (body, "old"))
        ]
        assert answers == [401, 401, 204]
        assert world.row() == ("sent", [], True, True)

    def test_the_question_before_anything_is_sent(self, world: World) -> None:
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "ours"}
        assert world.client.get("/v1/inbound/meta", params=asked).text == "1158201444"
        assert world.client.get("/v1/inbound/meta", params=asked | {"hub.verify_token": "theirs"}).status_code == 401

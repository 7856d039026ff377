"""From a mail that came back to the row, her address and her consent: what each answer means, once, and never more than it says."""

from __future__ import annotations

import base64
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.kernel.clock import ManualClock
from app.kernel.http import RequestGuard, install_problems
from app.privacy.consents import grant
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.security.contacts import facade as contacts
from app.security.contacts import repository
from app.security.contacts.facade import ContactKind
from app.security.inbound.standard_webhooks import key_of, signed_headers
from app.security.return_paths import token_of
from notifications import facade
from notifications.addresses import why_none
from notifications.channel_settings import ChannelSettings
from notifications.contracts import ChannelKind
from notifications.inbound import returned
from notifications.inbound.endpoints import router
from notifications.inbound.mails import MOST_BYTES, Recipient
from notifications.inbound.reasons import MailReason as Reason
from notifications.inbound.returned import meaning
from notifications.models import Delivery
from notifications.privacy import HOLDERS
from tests.notifications.conftest import Phone, Room
from tests.notifications.inbound.mail_samples import JANE, bounce, complaint, group

OLD, NEW = ("whsec_" + base64.b64encode(sign * 24).decode() for sign in (b"o", b"n"))


class World:
    """One e-mail that a mail server has taken."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.jane: Phone = room.phone()
        self.shopper_id = self.jane.shopper_id
        self.message_id = room.issue(self.shopper_id)
        self.token = token_of(self.message_id)
        self.verify(JANE)
        self.agree()
        self.at(state="sent", sent_at=room.database.clock.now())

    def at(self, **values: object) -> None:
        with self.room.database.transaction() as session:
            row = update(Delivery).where(Delivery.message_id == self.message_id, Delivery.channel != "inbox")
            session.execute(row.values(channel="email", **values))

    def verify(self, address: str) -> None:
        with self.room.database.transaction() as session:
            repository.put(session, self.shopper_id, ContactKind.EMAIL, address, self.room.database.clock.now())

    def agree(self) -> None:
        with self.room.database.transaction() as session:
            grant(session, self.shopper_id, Purpose.MARKETING_EMAIL, source="test", at=self.room.database.clock.now())

    def take(self, raw: bytes) -> Reason:
        return returned.take(self.room.database, raw)

    def row(self) -> tuple[str, list[str], str | None]:
        with self.room.database.reading() as session:
            d = session.scalars(select(Delivery).where(Delivery.message_id == self.message_id, Delivery.channel == "email")).one()
            return d.state, d.reasons, d.mail_status

    def address(self) -> str | None:
        with self.room.database.reading() as session:
            return contacts.contact_of(session, self.shopper_id, ContactKind.EMAIL)

    def agreed(self) -> tuple[bool, bool]:
        with self.room.database.reading() as session:
            at = self.room.database.clock.now()
            return may(session, self.shopper_id, Purpose.MARKETING_EMAIL, at).ok, may(session, self.shopper_id, Purpose.MARKETING_PUSH, at).ok

    def told(self, reader: facade.Reader = facade.Reader.SHOPPER) -> str:
        with self.room.database.reading() as session:
            found = facade.explain(session, message_id=self.message_id, reader=reader)
        assert found is not None
        return found.text


@pytest.fixture
def world(room: Room) -> World:
    return World(room)


class TestWhatAnAnswerMeans:
    def test_every_status_has_one(self) -> None:
        """Planted bug: 5.1.1 told by the beginning of the code."""
        means = {
            "5.1.1": "address_refused", "5.1.10": "address_refused", "5.1.12": "not_delivered", "5.1.2": "not_delivered", "5.0.0": "not_delivered", "5.2.2": "mailbox_full",
            "5.2.20": "not_delivered", "5.7.1": "refused_by_policy", "5.7.26": "refused_by_policy", "5.70.1": "not_delivered", "4.4.7": "not_delivered", "4.2.2": "not_delivered", "4.7.1": "not_delivered",
        }  # fmt: skip
        assert {status: meaning(Recipient((JANE,), "failed", status)) for status in means} == means
        assert meaning(Recipient((JANE,), "delayed", "4.2.2")) == "delivery_delayed"

    @pytest.mark.parametrize(("status", "code", "stays"), [("5.1.10", "address_refused", False), ("5.2.2", "mailbox_full", True), ("5.7.1", "refused_by_policy", True)])
    def test_only_a_mailbox_that_is_nobodys_is_lost(self, world: World, status: str, code: str, stays: bool) -> None:
        """Planted bug: the address lost by whatever failed for good."""
        assert world.take(bounce(world.token, group(status))) is Reason.MAIL_HEEDED
        assert world.row() == ("failed", [code], status)
        assert world.address() == (JANE if stays else None)
        assert [said["reason_codes"] for said in world.room.said("push.suppressed")] == [[code]]
        assert world.agreed() == (True, True)

    def test_one_that_is_only_slow_goes_on(self, world: World) -> None:
        slow = bounce(world.token, group("4.4.1", action="delayed"))
        assert [world.take(slow), world.take(slow)] == [Reason.MAIL_HEEDED, Reason.MAIL_SAYS_NOTHING_NEW]
        assert (world.row(), world.address()) == (("sent", ["delivery_delayed"], "4.4.1"), JANE)
        assert "may still arrive" in world.told()
        assert world.room.said("push.suppressed") == []
        assert world.take(bounce(world.token, group("4.4.7"))) is Reason.MAIL_HEEDED
        assert world.row() == ("failed", ["not_delivered"], "4.4.7")

    def test_told_to_whoever_asks_why(self, world: World) -> None:
        world.take(bounce(world.token, group("5.2.2")))
        assert ("Your mailbox was full." in world.told(), "her address stays" in world.told(facade.Reader.OPERATOR)) == (True, True)
        with world.room.database.transaction() as session:
            facade.like(session, world.shopper_id, language="fi", ways=[], called="", at=world.room.database.clock.now())
        assert ("Sähköpostilaatikkosi oli täynnä." in world.told(), "her address stays" in world.told(facade.Reader.OPERATOR)) == (True, True)
        with world.room.database.reading() as session:
            [view] = [d for d in facade.deliveries(session, message_id=world.message_id) if d.channel == "email"]
        assert (view.state, view.reasons, view.status) == ("failed", ("mailbox_full",), "5.2.2")

    def test_an_address_that_was_lost_is_told_of_until_she_shows_one(self, world: World) -> None:
        """Planted bug: whatever happened to her contacts before taken for the last."""
        with world.room.database.reading() as session:
            assert why_none(session, world.shopper_id, ChannelKind.EMAIL) == "no_verified_contact"
        world.take(bounce(world.token))
        with world.room.database.transaction() as session:
            assert [why_none(session, world.shopper_id, channel) for channel in (ChannelKind.EMAIL, ChannelKind.SMS)] == ["contact_lost", "no_verified_contact"]
            repository.note_change(session, world.shopper_id, ContactKind.EMAIL, "removed", JANE, cooling=True, at=world.room.database.clock.now())
            assert why_none(session, world.shopper_id, ChannelKind.EMAIL) == "no_verified_contact"

    def test_one_of_several_has_it(self, world: World) -> None:
        """Her address was an alias of two people's."""
        assert world.take(bounce(world.token, group("5.1.1", who="a@x.example"), group("2.0.0", action="relayed", who="b@x.example"))) is Reason.MAIL_SAYS_NOTHING_NEW
        assert (world.row()[0], world.address()) == ("sent", JANE)


class TestWhose:
    def test_where_she_has_her_mail_sent_on_to_is_not_her_address(self, world: World) -> None:
        """Planted bug: the address lost whoever the report was of."""
        assert world.take(bounce(world.token, group("5.1.1", who="j@elsewhere.example"))) is Reason.MAIL_HEEDED
        assert (world.row()[:2], world.address()) == (("failed", ["address_refused"]), JANE)

    def test_unless_it_says_that_hers_was_meant(self, world: World) -> None:
        world.take(bounce(world.token, group("5.1.1", who="j@elsewhere.example", original="Jane@Example.ORG")))
        assert world.address() is None

    def test_what_is_said_of_her_old_address_leaves_the_new_one(self, world: World, clock: ManualClock) -> None:
        clock.advance(60)
        world.verify("new@example.org")
        assert world.take(bounce(world.token)) is Reason.MAIL_HEEDED
        assert world.address() == "new@example.org"

    def test_shown_again_it_is_not_lost_by_a_repeat(self, world: World, clock: ManualClock) -> None:
        """Planted bug: `shown_before` left out, and the address lost though the row did not move."""
        assert (world.take(bounce(world.token)), world.address()) == (Reason.MAIL_HEEDED, None)
        clock.advance(60)
        world.verify(JANE)
        assert (world.take(bounce(world.token)), world.address()) == (Reason.MAIL_SAYS_NOTHING_NEW, JANE)

    def test_of_what_was_left_open_the_address_is_still_heard(self, world: World) -> None:
        world.at(state="failed", sent_at=None, reasons=["provider_unknown"])
        assert world.take(bounce(world.token)) is Reason.MAIL_HEEDED
        assert (world.row(), world.address()) == (("failed", ["provider_unknown"], None), None)


class TestOrder:
    def test_a_later_word_never_unsays_an_earlier(self, world: World) -> None:
        """Planted bug: the row moved whatever it said before."""
        assert world.take(bounce(world.token, group("2.1.5", action="delivered"))) is Reason.MAIL_HEEDED
        assert world.take(bounce(world.token)) is Reason.MAIL_SAYS_NOTHING_NEW
        assert (world.row(), world.address()) == (("sent", [], None), JANE)

    def test_nor_does_a_delivery_after_a_failure(self, world: World) -> None:
        world.take(bounce(world.token, group("5.7.1")))
        assert world.take(bounce(world.token, group("2.1.5", action="delivered"))) is Reason.MAIL_SAYS_NOTHING_NEW
        assert world.row() == ("failed", ["refused_by_policy"], "5.7.1")

    def test_faster_than_our_own_pen_it_is_to_come_again(self, world: World) -> None:
        world.at(state="claimed", sent_at=None)
        assert [world.take(bounce(world.token)), world.take(complaint(world.token))] == [Reason.MAIL_TOO_EARLY] * 2
        assert (world.row()[0], world.address(), world.agreed()) == ("claimed", JANE, (True, True))


class TestComplaints:
    def test_offers_by_email_end_and_nothing_else(self, world: World) -> None:
        assert world.take(complaint(world.token)) is Reason.MAIL_HEEDED
        assert (world.agreed(), world.row()[0], world.address()) == ((False, True), "sent", JANE)
        assert "You marked it as unwanted" in world.told()
        with world.room.database.reading() as session:
            exported = HOLDERS[0].export(session, world.shopper_id)
        assert [d["complained_at"] is not None for d in exported["deliveries"] if d["channel"] == "email"] == [True]

    def test_who_agrees_again_is_not_undone_by_a_repeat(self, world: World, clock: ManualClock) -> None:
        """Planted bug: the consent withdrawn before it was asked whether the complaint is known."""
        world.take(complaint(world.token))
        clock.advance(60)
        world.agree()
        assert world.take(complaint(world.token)) is Reason.MAIL_SAYS_NOTHING_NEW
        assert world.agreed() == (True, True)


class TestNothingHalfApplied:
    def test_each_has_its_reason_and_no_effect(self, world: World) -> None:
        """Planted bug: names not looked at whether they were made here."""
        other, raw = token_of("msg_1"), bounce(world.token)
        cases = (
            (bounce(world.token[:-16] + "a" * 16), Reason.MAIL_FORGED), (complaint(world.token[:-16] + "a" * 16), Reason.MAIL_FORGED), (bounce(world.token, by="nowhere"), Reason.MAIL_NAMES_NOTHING),
            (raw.replace(b"rfc822-headers\r\n\r\n", b"rfc822-headers\r\n\r\nCFBL-Feedback-ID: " + other.encode() + b"\r\n"), Reason.MAIL_NAMES_SEVERAL), (bounce(other), Reason.MAIL_OF_NOTHING),
            (bounce(world.token, end=False), Reason.MAIL_CUT_OFF), (raw[:-300], Reason.MAIL_CUT_OFF), (b"To: x@y\r\nSubject: hi\r\n\r\n" + raw, Reason.MAIL_NO_REPORT),
            (bounce(world.token, group("5.1.1"), group("6.1.1")), Reason.MAIL_UNCLEAR), (raw + b" " * MOST_BYTES, Reason.MAIL_TOO_LARGE),
        )  # fmt: skip
        assert [(world.take(given), reason) for given, reason in cases] == [(reason, reason) for _, reason in cases]
        assert (world.row(), world.address(), world.agreed()) == (("sent", [], None), JANE, (True, True))
        assert world.room.said("push.suppressed") == []

    def test_every_reason_has_words(self) -> None:
        assert [reason for reason in Reason if not reason.text.endswith((".", "!"))] == []


class TestRoute:
    """Believed as a webhook is, by either secret on the body as it came."""

    @pytest.fixture
    def client(self, world: World) -> TestClient:
        return self.app(world, ChannelSettings(mail_secrets=(NEW, OLD)))  # type: ignore[call-arg]

    def app(self, world: World, channels: ChannelSettings) -> TestClient:
        app = FastAPI()
        app.state.house = SimpleNamespace(database=world.room.database, settings=SimpleNamespace(channels=channels))
        install_problems(app)
        app.add_middleware(RequestGuard)
        app.include_router(router)
        return TestClient(app)

    def post(self, world: World, client: TestClient, raw: bytes, *, secret: str = NEW, signed: bytes | None = None, age_s: int = 0) -> tuple[int, str]:
        at_s = int((world.room.database.clock.now() - timedelta(seconds=age_s)).timestamp())
        headers = signed_headers([key_of(secret) or b""], "m1", at_s, signed or raw)
        answer = client.post("/v1/inbound/mail", content=raw, headers={**headers, "Content-Type": "message/rfc822"})
        said = answer.json()
        return answer.status_code, said.get("reason") or said["code"]

    def test_heard_once_by_either_secret(self, world: World, client: TestClient) -> None:
        raw = bounce(world.token)
        assert self.post(world, client, raw, secret=OLD) == (200, "mail_heeded")
        assert self.post(world, client, raw) == (200, "mail_says_nothing_new")
        assert (world.row()[0], world.address()) == ("failed", None)

    def test_forged_changed_and_old_ones(self, world: World, client: TestClient) -> None:
        """Planted bug: the signature not asked for."""
        raw, other = bounce(world.token), "whsec_" + base64.b64encode(b"x" * 24).decode()
        found = [self.post(world, client, raw, secret=other)[0], self.post(world, client, raw, signed=raw[:-2])[0], self.post(world, client, raw, age_s=3600)[0], client.post("/v1/inbound/mail", content=raw).status_code]
        assert (found, world.row()[0]) == ([401] * 4, "sent")

        client = self.app(world, ChannelSettings())  # type: ignore[call-arg]
        assert (self.post(world, client, raw), world.row()[0]) == ((401, "signature_wrong"), "sent")

    def test_too_early_is_to_be_brought_again(self, world: World, client: TestClient) -> None:
        world.at(state="claimed", sent_at=None)
        assert self.post(world, client, bounce(world.token)) == (503, "mail_too_early")

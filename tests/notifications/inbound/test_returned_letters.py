"""A letter about an account that comes back is read by the same doors as an offer, believed as little, and held to the same rules."""

from __future__ import annotations

import re

import pytest

from app.kernel.db import Database
from app.privacy.consents import grant
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.security.contacts import facade as contacts
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.adapters.smtp_gateway import SmtpGateway
from app.security.contacts.letters import send_due
from app.security.contacts.privacy import export_contacts
from app.security.contacts.settings import ContactSettings
from app.security.return_paths import token_of
from notifications.addresses import why_none
from notifications.contracts import ChannelKind
from notifications.inbound import returned
from notifications.inbound.reasons import MailReason as Reason
from tests.app.security.contacts.conftest import Person
from tests.app.security.contacts.smtp_peer import SmtpPeer
from tests.notifications.inbound.mail_samples import JANE, bounce, complaint, group


class World:
    """Jane has shown her address to be hers, and was told there that her word was changed."""

    def __init__(self, database: Database) -> None:
        self.database, self.jane = database, Person(database, MemoryContactGateway())
        self.jane.has(JANE)
        with database.transaction() as session:
            contacts.set_word(session, self.jane.post, self.jane.id, "merry owl", database.clock.now())
        self.jane.deliver()
        self.letter_id = self.jane.gateway.letters_to(JANE)[-1].id
        self.token = token_of(self.letter_id)

    def take(self, raw: bytes) -> Reason:
        return returned.take(self.database, raw)

    def letter(self) -> tuple[str, str | None]:
        with self.database.reading() as session:
            found = contacts.returning.letter(session, self.letter_id)
        assert found is not None
        return found.state, found.status

    def hers(self) -> bool:
        return self.jane.reached_at() == {"email": JANE}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


class TestHeed:
    @pytest.mark.parametrize(("status", "stays"), [("5.1.1", False), ("5.2.2", True), ("5.7.1", True), ("4.4.7", True)])
    def test_written_down_once_and_only_nobodys_mailbox_is_lost(self, world: World, status: str, stays: bool) -> None:
        """Planted bug: letters taken for messages, so that the name opened nothing."""
        raw = bounce(world.token, group(status), by="address")
        assert [world.take(raw), world.take(raw)] == [Reason.MAIL_HEEDED, Reason.MAIL_SAYS_NOTHING_NEW]
        assert (world.letter(), world.hers()) == (("failed" if stays else "nobody", status), stays)

    def test_offers_are_told_why_they_do_not_reach_her(self, world: World) -> None:
        world.take(bounce(world.token))
        with world.database.reading() as session:
            assert why_none(session, world.jane.id, ChannelKind.EMAIL) == "contact_lost"
            [letter] = [one for one in export_contacts(session, world.jane.id)["letters"] if one["id"] == world.letter_id]
        assert (letter["state"], letter["mail_status"], letter["complained_at"]) == ("nobody", "5.1.1", None)

    def test_one_that_is_only_slow_and_one_that_has_arrived(self, world: World) -> None:
        slow, there = bounce(world.token, group("4.4.1", action="delayed")), bounce(world.token, group("2.1.5", action="delivered"))
        assert [world.take(raw) for raw in (slow, slow, there, bounce(world.token))] == [Reason.MAIL_HEEDED, Reason.MAIL_SAYS_NOTHING_NEW, Reason.MAIL_HEEDED, Reason.MAIL_SAYS_NOTHING_NEW]
        assert (world.letter(), world.hers()) == (("sent", "2.1.5"), True)

    def test_where_she_has_it_sent_on_to_is_not_hers_unless_hers_was_meant(self, world: World) -> None:
        elsewhere = bounce(world.token, group("5.1.1", who="j@elsewhere.example"))
        assert (world.take(elsewhere), world.letter(), world.hers()) == (Reason.MAIL_HEEDED, ("failed", "5.1.1"), True)
        other = World(world.database)
        other.take(bounce(other.token, group("5.1.1", who="j@elsewhere.example", original="Jane@Example.ORG")))
        assert (other.hers(), world.hers()) == (False, True)

    def test_one_of_several_has_it(self, world: World) -> None:
        assert world.take(bounce(world.token, group("5.1.1", who="a@x.example"), group("2.0.0", action="relayed", who="b@x.example"))) is Reason.MAIL_SAYS_NOTHING_NEW
        assert (world.letter(), world.hers()) == (("sent", None), True)

    def test_a_complaint_is_noted_and_ends_no_offers(self, world: World) -> None:
        at = world.database.clock.now()
        with world.database.transaction() as session:
            grant(session, world.jane.id, Purpose.MARKETING_EMAIL, source="test", at=at)
        assert [world.take(complaint(world.token)) for _ in range(2)] == [Reason.MAIL_HEEDED, Reason.MAIL_SAYS_NOTHING_NEW]
        with world.database.reading() as session:
            assert may(session, world.jane.id, Purpose.MARKETING_EMAIL, at).ok
        assert (world.letter(), world.hers()) == (("sent", None), True)


class TestNothingHalfApplied:
    def test_each_has_its_reason_and_no_effect(self, world: World) -> None:
        """Planted bug: the keyed hash not compared."""
        forged, as_message = world.token[:-16] + "a" * 16, token_of(f"msg_{world.letter_id[4:]}")
        two = bounce(world.token).replace(b"rfc822-headers\r\n\r\n", b"rfc822-headers\r\n\r\nCFBL-Feedback-ID: " + as_message.encode() + b"\r\n")
        found = [world.take(raw) for raw in (bounce(forged), complaint(forged), bounce(as_message), two, bounce(token_of("ltr_1")), bounce(world.token, end=False))]
        assert found == [Reason.MAIL_FORGED, Reason.MAIL_FORGED, Reason.MAIL_OF_NOTHING, Reason.MAIL_NAMES_SEVERAL, Reason.MAIL_OF_NOTHING, Reason.MAIL_CUT_OFF]
        assert (world.letter(), world.hers()) == (("sent", None), True)

    def test_whoever_has_her_session_cannot_have_her_address_lost_by_a_letter_of_his(self, world: World) -> None:
        """He names an address of his own, reads the name in the letter to it, and reports whatever he likes. Planted bug: whether it was hers asked of the contact she has, not of the letter."""
        world.jane.ask("eve@example.org")
        world.jane.deliver()
        name = token_of(world.jane.gateway.letters_to("eve@example.org")[-1].id)
        assert world.take(bounce(name, group("5.1.1", who=JANE), group("5.1.1", who="eve@example.org"))) is Reason.MAIL_HEEDED
        assert world.hers()

    def test_faster_than_our_own_pen_it_is_to_come_again(self, world: World) -> None:
        with world.database.transaction() as session:
            contacts.set_word(session, world.jane.post, world.jane.id, "polar otter", world.database.clock.now())
        with world.database.reading() as session:
            waiting = export_contacts(session, world.jane.id)["letters"][-1]
        assert waiting["state"] == "queued"
        assert [world.take(bounce(token_of(waiting["id"]))), world.take(complaint(token_of(waiting["id"])))] == [Reason.MAIL_TOO_EARLY] * 2
        assert world.hers()


class TestFromTheLetterToThePage:
    def test_what_a_mail_server_sends_back_to_where_it_came_from(self, world: World) -> None:
        """The return path that stood in the envelope is all a mail server has."""
        jane, database = world.jane, world.database
        with SmtpPeer() as peer:
            server = ContactSettings(smtp_host="127.0.0.1", smtp_port=peer.port, smtp_security="none", smtp_timeout_s=2, sender="Shop <hello@shop.example>")  # type: ignore[call-arg]
            jane.ask("typo@exmaple.org")
            assert send_due(database, SmtpGateway(server, bounces="bounces@shop.example"), server) == 1
            [came_from] = re.findall(r"<(.*)>", peer.envelope[0])
        raw = bounce("x", group("5.1.1", who="typo@exmaple.org"), by="nowhere")
        assert returned.take(database, raw, to=came_from) is Reason.MAIL_HEEDED
        with database.reading() as session:
            assert [(one.shown, one.was_hers) for one in contacts.came_back(session, jane.id)] == [("t…@exmaple.org", False)]
        assert world.hers()

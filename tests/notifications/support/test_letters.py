"""A letter opens a case of whoever has shown that its address is theirs, or is added to the case it names; once, and nobody else's."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.kernel.http import RequestGuard, install_problems
from app.security.contacts import repository as contacts
from app.security.contacts.values import ContactKind
from app.security.inbound import standard_webhooks
from app.security.settings import SecuritySettings
from notifications.channel_settings import ChannelSettings
from notifications.inbound.endpoints import router
from notifications.support import letters
from notifications.support.reasons import SupportReason as R
from notifications.support.states import Move
from tests.notifications.support.conftest import SETTINGS, Desk

JANE = "jane@example.org"
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


def mail(text: str = "It came broken.", subject: str = "My vase", name: str = "<1@x>", sender: str = JANE, more: str = "") -> bytes:
    return f"From: Jane <{sender}>\r\nTo: help@shop.example\r\nSubject: {subject}\r\nMessage-ID: {name}\r\n{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()


@pytest.fixture
def jane(desk: Desk) -> str:
    shopper_id = desk.shopper()
    desk.run(lambda session: contacts.put(session, shopper_id, ContactKind.EMAIL, JANE, desk.now))
    return shopper_id


def take(desk: Desk, raw: bytes) -> R:
    return letters.take(desk.database, raw, SETTINGS)


class TestTake:
    def test_opens_a_case_once_and_is_answered_by_letter(self, desk: Desk, jane: str) -> None:
        assert [take(desk, mail()) for _ in range(2)] == [R.LETTER_OPENED_CASE, R.LETTER_SEEN_BEFORE]
        [row] = desk.queue()
        assert (row.channel, desk.view(jane, row.id).subject) == ("email", "My vase")
        desk.claim(row.id)
        desk.answer(row.id)
        assert ("reply", "email") in desk.sent()

    def test_an_answer_is_added_without_what_it_quotes(self, desk: Desk, jane: str) -> None:
        take(desk, mail())
        case_id = desk.queue()[0].id
        again = mail("Here is a picture.\r\n\r\nOn Mon, 23 Nov 2026 Shop wrote:\r\n> old words", f"Re: My vase [{case_id}]", "<2@x>")
        assert take(desk, again) == R.LETTER_ADDED
        assert [e.text for e in desk.view(jane, case_id).entries] == ["It came broken.", "Here is a picture."]

    def test_after_a_case_is_closed_it_opens_a_new_one(self, desk: Desk, jane: str) -> None:
        take(desk, mail())
        case_id = desk.queue()[0].id
        desk.claim(case_id)
        desk.move(case_id, Move.SOLVE)
        desk.move(case_id, Move.CLOSE)
        assert take(desk, mail("Again", f"Re: [{case_id}]", "<2@x>")) == R.LETTER_OPENED_CASE
        assert len(desk.view(jane, case_id).entries) == 1

    def test_naming_anothers_case_adds_nothing_there(self, desk: Desk, jane: str) -> None:
        """Planted bug: the case looked up without whose it is."""
        hers = desk.shopper()
        foreign = desk.open(hers)
        assert take(desk, mail("Let me in", f"[{foreign}]")) == R.LETTER_OPENED_CASE
        assert len(desk.view(hers, foreign).entries) == 1

    def test_from_an_address_nobody_has_shown_to_be_theirs(self, desk: Desk) -> None:
        assert take(desk, mail(sender="nobody@example.org")) == R.LETTER_FROM_NOBODY
        assert desk.queue() == []

    @pytest.mark.parametrize("more", ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "List-Id: <x.example>\r\n"])
    def test_letters_of_programs_are_not_heard(self, desk: Desk, jane: str, more: str) -> None:
        assert take(desk, mail(more=more)) == R.LETTER_AUTOMATIC
        assert desk.queue() == []

    @pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"From: a@x\r\n\r\nno id", mail(text=""), mail(text="> all quoted"), b"x" * (letters.MOST_BYTES + 1), mail(sender="a@x>, <b@x")])
    def test_what_cannot_be_read(self, desk: Desk, jane: str, raw: bytes) -> None:
        assert take(desk, raw) == R.LETTER_UNREADABLE
        assert desk.queue() == []


class TestOwnWords:
    def test_end_where_the_quoting_begins(self) -> None:
        assert letters.own_words("Yes\n-- \nJane") == "Yes"
        assert letters.own_words("One\n\nTwo\n> three") == "One\n\nTwo"


class TestRoute:
    def test_believed_by_its_signature_alone(self, desk: Desk, jane: str) -> None:
        """Planted bug: read before it is believed."""
        channels = ChannelSettings(mail_secrets=(SecretStr(SECRET),))  # type: ignore[call-arg]
        app = FastAPI()
        app.state.house = SimpleNamespace(database=desk.database, settings=SimpleNamespace(security=SecuritySettings(), channels=channels, support=SETTINGS))
        install_problems(app)
        app.add_middleware(RequestGuard)
        app.include_router(router)
        client, raw, at = TestClient(app), mail(), int(desk.now.timestamp())
        headers = standard_webhooks.signed_headers([b"s" * 32], "msg_1", at, raw)
        refused = [client.post("/v1/inbound/support-mail", content=content, headers=given) for content, given in ((raw, {}), (raw + b"!", headers))]
        assert [answer.status_code for answer in refused] == [401, 401]
        assert desk.queue() == []
        heard = client.post("/v1/inbound/support-mail", content=raw, headers=headers)
        assert (heard.status_code, heard.json()["reason"]) == (200, "letter_opened_case")

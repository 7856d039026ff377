from __future__ import annotations

import re
from collections.abc import Callable

from app.security.contacts import facade as contacts
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.facade import ContactKind
from app.security.principals import Role
from tests.app.web.conftest import Browser, Town


class TestContactsPage:
    def test_add_verify_change_the_word_and_remove(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        asked = me.post("/m/contacts", {"value": "jane@example.org"})
        assert asked.status_code == 303
        page = me.get("/m/contacts").text
        [digits] = re.findall(r"would have been sent: ([0-9]{6}) is your code", page)
        assert "j…@example.org" in page
        assert me.post("/m/contacts/email/code", {"code": f"{digits[:3]} {digits[3:]}"}).status_code == 303
        page = me.get("/m/contacts").text
        assert "E-mail, verified" in page
        assert digits not in page
        assert me.post("/m/contacts/word", {"word": "Merry owl"}).status_code == 303
        assert "<bdi>Merry owl</bdi>" in me.get("/m/contacts").text
        assert me.post("/m/contacts/email/remove", {}).status_code == 303
        assert "None yet." in me.get("/m/contacts").text

    def test_where_nobody_could_be_reached_is_said_with_what_to_do(self, town: Town) -> None:
        """Planted bug: the codes on their way shown as before, and where she was reached just gone."""
        me, gateway = town.browser(Role.SHOPPER), town.house.contact_gateway
        assert isinstance(gateway, MemoryContactGateway)
        gateway.nobody_at.add("typo@exmaple.org")
        me.post("/m/contacts", {"value": "typo@exmaple.org"})
        page = me.get("/m/contacts").text
        assert 't…@exmaple.org</strong> came back: nobody has this mailbox.' in page
        assert ("We have sent a code" in page, "None yet." in page, 'name="value"' in page) == (False, False, True)

        me.post("/m/contacts", {"value": "jane@example.org"})
        digits = gateway.letters_to("jane@example.org")[-1].text[:6]
        me.post("/m/contacts/email/code", {"code": digits})
        with town.house.database.transaction() as session:
            assert contacts.lose(session, me.id, ContactKind.EMAIL, town.clock.now(), told_of="ltr_1")
        page = me.get("/m/contacts").text
        assert 'We no longer write to <strong class="whole">j…@example.org</strong>' in page
        assert ("E-mail, verified" in page, "None yet." in page) == (False, False)

    def test_what_is_wrong_is_said_on_the_page(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        for path, data, sentence in (
            ("/m/contacts", {"value": "040 123"}, "a telephone number with its country code"),
            ("/m/contacts", {"value": "jane@nowhere"}, "an e-mail address such as"),
            ("/m/contacts/word", {"word": "<b>"}, "3 to 24 letters or digits"),
            ("/m/contacts/phone/code", {"code": "123456"}, "No code was asked for"),
            ("/m/contacts/phone/remove", {}, "There is no such contact of yours"),
        ):
            answer = me.post(path, data)
            assert 400 <= answer.status_code < 500
            assert sentence in answer.text
            assert 'role="alert"' in answer.text

"""Twilio: the address it called and what it sent, or it was not Twilio."""

from __future__ import annotations

import hashlib
import json

import pytest

from app.kernel.verdict import PASS, Fail
from app.security.inbound.twilio import signature, verify_body, verify_form

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+12349013030"), ("Digits", "1234"), ("From", "+12349013030"), ("To", "+18005551212")]
TOKEN = "12345"


class TestVerifyForm:
    def test_the_example_of_the_documentation(self) -> None:
        assert signature(TOKEN, URL, FORM) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
        assert verify_form("0/KCTR6DLpKmkAf8muzZqo1nDgQ=", URL, FORM[::-1], [TOKEN]) is PASS

    def test_two_live_tokens(self) -> None:
        assert verify_form(signature("old", URL, FORM), URL, FORM, ["new", "old"]) is PASS
        assert verify_form(signature("older", URL, FORM), URL, FORM, ["new", "old"]) == Fail("signature_wrong")
        assert verify_form(signature("", URL, FORM), URL, FORM, [""]) == Fail("signature_wrong")

    @pytest.mark.parametrize(
        ("url", "form"),
        [(URL + "&x=1", FORM), (URL.replace("https", "http"), FORM), (URL, FORM[:-1]), (URL, [*FORM, ("Extra", "1")]), (URL, [*FORM[:-1], ("To", "+18005551213")])],
    )
    def test_changed(self, url: str, form: list[tuple[str, str]]) -> None:
        assert verify_form(signature(TOKEN, URL, FORM), url, form, [TOKEN]) == Fail("signature_wrong")

    def test_none_and_nonsense(self) -> None:
        assert verify_form(None, URL, FORM, [TOKEN]) == Fail("signature_missing")
        assert verify_form("é", URL, FORM, [TOKEN]) == Fail("signature_wrong")

    def test_the_port_that_goes_without_saying(self) -> None:
        assert verify_form(signature(TOKEN, "https://example.com:443/a", FORM), "https://example.com/a", FORM, [TOKEN]) is PASS
        assert verify_form(signature(TOKEN, "https://example.com/a", FORM), "https://example.com:443/a", FORM, [TOKEN]) is PASS
        assert verify_form(signature(TOKEN, "https://example.com:8443/a", FORM), "https://example.com/a", FORM, [TOKEN]) == Fail("signature_wrong")


class TestVerifyBody:
    BODY = b'{"a": 1}'
    CALLED = f"https://example.com/in?bodySHA256={hashlib.sha256(BODY).hexdigest()}"

    def test_genuine(self) -> None:
        assert verify_body(signature(TOKEN, self.CALLED), self.CALLED, self.BODY, [TOKEN]) is PASS

    def test_written_again(self) -> None:
        again = json.dumps(json.loads(self.BODY), separators=(",", ":")).encode()
        assert verify_body(signature(TOKEN, self.CALLED), self.CALLED, again, [TOKEN]) == Fail("signature_wrong")

    def test_an_address_that_names_no_body_covers_none(self) -> None:
        """Seen to fail where a missing hash passed: the address alone could then carry any body."""
        bare = "https://example.com/in"
        assert verify_body(signature(TOKEN, bare), bare, self.BODY, [TOKEN]) == Fail("signature_malformed")
        twice = f"{self.CALLED}&bodySHA256=00"
        assert verify_body(signature(TOKEN, twice), twice, self.BODY, [TOKEN]) == Fail("signature_malformed")

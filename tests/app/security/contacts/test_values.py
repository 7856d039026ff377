from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.security.contacts.values import ContactKind, accepted, masked
from tests.paths import shared


class TestAccepted:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("+358 40 123 4567", "+358401234567"),
            ("00358 40 123 4567", "+358401234567"),
            ("+1 (415) 555-0132", "+14155550132"),
            ("+49/30/1234.5678", "+493012345678"),
            ("\u00a0+358\u201140\u20111234567 ", "+358401234567"),
        ],
    )
    def test_a_number_in_e164(self, typed: str, stored: str) -> None:
        assert accepted(ContactKind.PHONE, typed) == stored

    @pytest.mark.parametrize("typed", ["", "040 1234567", "+0401234567", "+35840", "+1234567890123456", "+35840x1234567", "+358401234567 ext 5", "＋358401234567", "+٣٥٨٤٠١٢٣٤٥٦٧", "++358401234567", "tel:+358401234567"])
    def test_what_is_no_number_says_how_one_looks(self, typed: str) -> None:
        with pytest.raises(Invalid, match="value: a telephone number with its country code") as refusal:
            accepted(ContactKind.PHONE, typed)
        assert refusal.value.fields[0].field == "value"

    def test_an_address_trimmed_in_lower_case(self) -> None:
        assert accepted(ContactKind.EMAIL, "  Jane@Example.ORG ") == "jane@example.org"

    @pytest.mark.parametrize("typed", ["", "jane", "jane@", "@example.org", "jane@example", "a b@example.org", "jane@example.org\nBcc: eve@example.org", "x" * 300 + "@example.org"])
    def test_what_is_no_address_says_how_one_looks(self, typed: str) -> None:
        with pytest.raises(Invalid, match="value: an e-mail address such as"):
            accepted(ContactKind.EMAIL, typed)

    def test_naughty_strings_are_refused_or_in_the_stored_form(self) -> None:
        for typed in json.loads(shared("vectors", "blns", "blns.json").read_text(encoding="utf-8")):
            for kind in ContactKind:
                try:
                    stored = accepted(kind, typed)
                except Invalid:
                    continue
                assert accepted(kind, stored) == stored
                assert stored.isprintable()

    @given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
    def test_every_number_of_the_shape_is_itself(self, number: str) -> None:
        assert accepted(ContactKind.PHONE, number) == number


class TestMasked:
    def test_shows_enough_to_know_ones_own(self) -> None:
        assert masked(ContactKind.EMAIL, "jane@example.org") == "j…@example.org"
        assert masked(ContactKind.PHONE, "+358401234567") == "+358…67"

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.errors import Invalid
from storefront.addresses.formats import Address, accepted, country_names, label, squeezed


def given(**other: Any) -> dict[str, Any]:
    return {"name": "Jane Doe", "lines": ["Mannerheimintie 5 A 3"], "postcode": "00100", "city": "Helsinki", "region": "", "country": "FI"} | other


def wrong(**other: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        accepted(**given(**other))
    return {one.field: one.remedy for one in refused.value.fields}


class TestAccepted:
    def test_is_kept_as_it_was_written_but_tidy(self) -> None:
        found = accepted(**given(name="  Jane   Doe ", lines=[" Mannerheimintie 5", "", "A 3 "], country="fi"))
        assert found == Address("Jane Doe", ("Mannerheimintie 5", "A 3"), "00100", "Helsinki", "", "FI")

    @pytest.mark.parametrize(
        ("country", "typed", "kept"),
        [("FI", "FI-00100", "00100"), ("SE", "114 55", "114 55"), ("GB", " sw1a  1aa", "SW1A 1AA"), ("NL", "1012 ab", "1012 AB"), ("IE", "", "")],
    )
    def test_postcodes_are_those_of_the_country(self, country: str, typed: str, kept: str) -> None:
        assert accepted(**given(country=country, postcode=typed)).postcode == kept

    @pytest.mark.parametrize("typed", ["", "0010", "001000", "ABCDE", "00100; DROP"])
    def test_another_is_refused_with_one_that_would_do(self, typed: str) -> None:
        assert wrong(postcode=typed) == {"postcode": "a postcode of Finland, such as 00550"}

    def test_where_there_are_none_one_is_refused(self) -> None:
        assert wrong(country="HK", region="Kowloon", postcode="00100") == {"postcode": "Hong Kong SAR China has none; leave it out"}

    def test_a_state_is_kept_by_its_code(self) -> None:
        us = {"country": "US", "postcode": "94043", "city": "Mountain View"}
        assert [accepted(**given(**us, region=typed)).region for typed in ("CA", "california")] == ["CA", "CA"]
        assert wrong(**us, region="Uusimaa") == {"region": "a state of United States, such as Alabama"}
        assert wrong(**us) == {"region": "the state of United States"}

    def test_a_region_nobody_writes_there_is_left_out(self) -> None:
        assert accepted(**given(region="Uusimaa")).region == ""

    def test_everything_wrong_is_named_at_once(self) -> None:
        assert set(wrong(name=" ", lines=["", " "], city="", postcode="x")) == {"name", "lines", "city", "postcode"}

    @pytest.mark.parametrize("code", ["", "XX", "ZZ", "F", "../all"])
    def test_a_country_that_is_none(self, code: str) -> None:
        assert set(wrong(country=code)) == {"country"}

    def test_too_long(self) -> None:
        assert wrong(name="x" * 101) == {"name": "at most 100 characters"}

    def test_no_character_breaks_or_turns_a_label(self) -> None:
        found = accepted(**given(name="Jane\r\nDoe\u202e", lines=["Street\x00 1"]))
        assert (found.name, found.lines) == ("Jane Doe", ("Street 1",))


class TestLabel:
    def test_is_in_the_order_of_the_country_with_its_name_last(self) -> None:
        assert label(accepted(**given())) == ("Jane Doe", "Mannerheimintie 5 A 3", "FI-00100 HELSINKI", "Finland")

    def test_every_country_has_one(self) -> None:
        assert len(country_names()) > 230
        for code in country_names():
            assert label(Address("N", ("Street 1",), "1", "Town", "", code))[-1] == country_names()[code]


class TestSqueezed:
    def test_letters_and_digits_alone(self) -> None:
        assert [squeezed(c) for c in ("sw1a 1aa", "114 55", "00-950")] == ["SW1A1AA", "11455", "00950"]

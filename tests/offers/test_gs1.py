"""AI (8112) against the published strings: every valid one is read and built again, every invalid one refused by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import Fail
from offers import gs1
from offers.gs1 import PositiveOffer
from offers.till_reasons import TillReason
from tests.offers.gs1_strings import GOOD, INVALID
from tests.paths import shared


def vectors() -> dict[str, Any]:
    return json.loads(shared("vectors/gs1-coupon/ai8112.json").read_text(encoding="utf-8"))


def digits(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=low, max_size=high)


offers = st.builds(PositiveOffer, st.sampled_from("01"), digits(6, 12), digits(6, 6), digits(6, 15))


class TestPublishedStrings:
    def test_the_valid_ones_are_read_and_built_again(self) -> None:
        valid = vectors()["valid"]
        for value in valid:
            found = gs1.parse(value)
            assert isinstance(found, PositiveOffer), value
            assert found.value == value
        assert len(valid) == 8

    def test_each_invalid_one_is_refused_by_its_name(self) -> None:
        invalid = vectors()["invalid"]
        for case in invalid:
            found = gs1.parse(case["value"])
            assert isinstance(found, Fail), case
            assert found.reason == "gs1_" + case["error"].lower(), case
        assert len(invalid) == 32


class TestStringsOfOurOwn:
    """Those of gs1_strings.py: the suite says as much without the published ones."""

    def test_there_are_more_than_the_published_ones_and_every_reason_among_them(self) -> None:
        assert len(INVALID) >= 49
        assert set(INVALID.values()) == {str(reason) for reason in TillReason if reason.startswith("gs1_")}

    @pytest.mark.parametrize(("value", "reason"), sorted(INVALID.items()))
    def test_each_is_refused_by_its_name(self, value: str, reason: str) -> None:
        """Seen to fail with a serial number read to the end of the text: excess data was a longer serial number."""
        found = gs1.parse(value)
        assert isinstance(found, Fail)
        assert found.reason == reason

    @pytest.mark.parametrize("value", GOOD)
    def test_what_they_were_made_from_is_read(self, value: str) -> None:
        found = gs1.parse(value)
        assert isinstance(found, PositiveOffer)
        assert (found.value, found.bracketed) == (value, f"(8112){value}")


class TestParse:
    @pytest.mark.parametrize(
        ("value", "reason"),
        [("00x", "gs1_non_digit"), ("", "gs1_missing_format_code"), ("5", "gs1_invalid_format_code"), ("1", "gs1_missing_funder_vli"),
         ("07", "gs1_invalid_funder_length"), ("0198765", "gs1_truncated_funder"), ("0098765412", "gs1_truncated_offer_code"),
         ("00987654987654", "gs1_missing_serial_number_vli"), ("009876549876540", "gs1_truncated_serial_number"),
         ("0098765498765409876543", "gs1_excess_data")],
    )  # fmt: skip
    def test_each_reason_without_the_published_strings(self, value: str, reason: str) -> None:
        found = gs1.parse(value)
        assert isinstance(found, Fail)
        assert found.reason == reason

    def test_the_parts(self) -> None:
        assert gs1.parse("061234567890121234569123456789012345") == PositiveOffer("0", "123456789012", "123456", "123456789012345")

    def test_a_digit_of_another_script_is_none(self) -> None:
        assert gs1.parse("00\u0661234561234560123456") == Fail("gs1_non_digit", {"place": 3})

    @given(offers)
    def test_what_is_built_is_read(self, offer: PositiveOffer) -> None:
        assert gs1.parse(offer.value) == offer

    @given(offers, st.data())
    def test_every_cut_and_every_addition_is_refused(self, offer: PositiveOffer, data: st.DataObject) -> None:
        value = offer.value
        assert isinstance(gs1.parse(value[: data.draw(st.integers(0, len(value) - 1))]), Fail)
        assert isinstance(gs1.parse(value + data.draw(digits(1, 20))), Fail)

    @given(st.text(max_size=60))
    def test_any_text_is_an_answer(self, text: str) -> None:
        found = gs1.parse(text)
        assert isinstance(found, Fail) or found.value == text


class TestValue:
    @pytest.mark.parametrize(
        "parts",
        [("2", "123456", "123456", "123456"), ("0", "12345", "123456", "123456"), ("0", "123456", "12345", "123456"),
         ("0", "123456", "123456", "12345"), ("0", "123456", "123456", "1234567890123456"), ("0", "12345\u0661", "123456", "123456")],
    )  # fmt: skip
    def test_what_has_no_value_is_refused(self, parts: tuple[str, str, str, str]) -> None:
        with pytest.raises(ValueError):
            _ = PositiveOffer(*parts).value

    def test_the_element_string(self) -> None:
        assert PositiveOffer("0", "123456", "123456", "123456").element_string == "8112001234561234560123456"


class TestScanned:
    @pytest.mark.parametrize("text", ["]C18112001", "]Q38112001", "\x1d8112001", "(8112)001", "]C1\x1d8112001"])
    def test_as_scanners_give_it(self, text: str) -> None:
        assert gs1.scanned(text) == "001"

    @pytest.mark.parametrize("text", ["8112001", "]C1011234", "", "7K3F-9QPM-X2TD-WV4C", "(8110)001", "]C08112001"])
    def test_what_is_none(self, text: str) -> None:
        assert gs1.scanned(text) is None

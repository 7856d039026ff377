"""Texts from people: cleaned, cut, never a crash, never half an emoji."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import Fail
from notifications.compose import (
    BODY_MOST_CHARS,
    TITLE_MOST_CHARS,
    Composed,
    OfferFacts,
    clean,
    collapse_key,
    cut,
    offer_message,
    ttl_s,
)
from tests.paths import shared

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FACTS = OfferFacts(
    message_id="msg_1",
    coupon_id="cpn_1",
    visit_id="vis_1",
    place_name="Ooey Gooey Kamppi",
    title="Bonbon of the month",
    body="25 % off, today only.",
    expires_at=NOON + timedelta(hours=1),
)
LINK = "/m/coupons/{coupon_id}"


class TestOfferMessage:
    def test_whole(self) -> None:
        assert offer_message(FACTS, link_template=LINK) == Composed(
            title="Bonbon of the month",
            body="25 % off, today only.",
            link="/m/coupons/cpn_1",
            collapse_key="vis_1",
            expires_at=NOON + timedelta(hours=1),
            data={
                "message_id": "msg_1",
                "title": "Bonbon of the month",
                "body": "25 % off, today only.",
                "link": "/m/coupons/cpn_1",
            },
        )

    def test_no_title_names_the_place(self) -> None:
        said = offer_message(replace(FACTS, title=" \u200b "), link_template=LINK)
        assert isinstance(said, Composed)
        assert said.title == "Ooey Gooey Kamppi"

    def test_nothing_to_say(self) -> None:
        assert offer_message(replace(FACTS, title="\x00\u202e", body="\u200b"), link_template=LINK) == Fail(
            "nothing_to_say"
        )

    def test_too_large_only_by_an_absurd_id(self) -> None:
        said = offer_message(replace(FACTS, coupon_id="c" * 4096), link_template=LINK)
        assert isinstance(said, Fail)
        assert said.reason == "payload_too_large"

    def test_braces_in_texts_are_not_a_template(self) -> None:
        said = offer_message(replace(FACTS, title="{coupon_id} {0} {{x}}"), link_template=LINK)
        assert isinstance(said, Composed)
        assert said.title == "{coupon_id} {0} {{x}}"

    @given(title=st.text(max_size=400), body=st.text(max_size=4000))
    def test_any_text_fits_or_has_a_reason(self, title: str, body: str) -> None:
        said = offer_message(replace(FACTS, title=title, body=body), link_template=LINK)
        if isinstance(said, Composed):
            assert 0 < len(said.title) <= max(TITLE_MOST_CHARS, BODY_MOST_CHARS)
            assert len(said.body) <= BODY_MOST_CHARS
            assert sum(len(k.encode()) + len(v.encode()) for k, v in said.data.items()) <= 4096
        else:
            assert said.reason == "nothing_to_say"

    def test_naughty_strings(self) -> None:
        naughty = json.loads(shared("vectors", "blns", "blns.json").read_text(encoding="utf-8"))
        for text in naughty:
            said = offer_message(replace(FACTS, title=text, body=text), link_template=LINK)
            if isinstance(said, Composed):
                said.title.encode()
                assert "\x00" not in said.title + said.body


class TestCollapseKey:
    def test_visit_first(self) -> None:
        assert collapse_key("vis_1", "msg_1") == "vis_1"

    def test_message_without_a_visit(self) -> None:
        assert collapse_key("", "msg_1") == "msg_1"

    def test_never_longer_than_apns_takes(self) -> None:
        long = collapse_key("v" * 65, "msg_1")
        assert len(long.encode()) <= 64
        assert long == collapse_key("v" * 65, "msg_2")


class TestTtl:
    @pytest.mark.parametrize(("left", "expected"), [(90.9, 90), (0.4, 0), (-3, -3), (10_000_000, 2_419_200)])
    def test_remaining_life(self, left: float, expected: int) -> None:
        assert ttl_s(NOON + timedelta(seconds=left), NOON) == expected


class TestClean:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a\r\n\tb", "a b"),
            ("evil\u202etxt", "eviltxt"),
            ("\ud800x", "x"),
            ("שלום  עולם", "שלום עולם"),
            ("\u200b\u200d", ""),
            ("👩‍👩‍👧", "👩‍👩‍👧"),
        ],
    )
    def test_examples(self, text: str, expected: str) -> None:
        assert clean(text) == expected


class TestCut:
    def test_short_is_untouched(self) -> None:
        assert cut("bonbon", 6) == "bonbon"

    def test_ellipsis_counts(self) -> None:
        assert cut("bonbons", 6) == "bonbo…"

    def test_not_inside_a_family(self) -> None:
        assert cut("ab👩‍👩‍👧cd", 5) == "ab…"

    def test_not_inside_a_flag(self) -> None:
        assert cut("ab🇫🇮🇸🇪cd", 6) == "ab🇫🇮…"

    def test_not_between_letter_and_accent(self) -> None:
        assert cut("abe\u0301xyz", 4) == "ab…"

    @given(st.text(max_size=100), st.integers(min_value=2, max_value=40))
    def test_never_longer(self, text: str, most: int) -> None:
        assert len(cut(text, most)) <= most

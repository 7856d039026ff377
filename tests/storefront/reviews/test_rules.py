"""The rules of reviews: what waits for a person and what does not, how a name is shown, and the average."""

from __future__ import annotations

import pytest

from storefront.reviews.rules import ShownAs, rating, shown_name, tidy, trusted, weigh


def codes(text: str, *held: str) -> list[str]:
    return [str(fail.reason) for fail in weigh(text, held_words=held)]


class TestWeigh:
    @pytest.mark.parametrize(
        "text",
        [
            "", "Lovely. Melts at once; 5 of 5!", "Bought on 21.11. for 4.50 €", "I <3 it, and 2 < 3", "UHT milk & OK", "Salt... and more of it.", "Ei suklaata. Hyvää!",
            "It cost 1 200 kr in 2026", "Size 39, then 40: too small",
        ],
    )  # fmt: skip
    def test_plain_words_wait_for_nobody(self, text: str) -> None:
        assert codes(text) == []

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("see https://better.example", "review_has_link"),
            ("see www.better.example", "review_has_link"),
            ("cheaper at better.xyz today", "review_has_link"),
            ("cheaper at better dot com", "review_has_link"),
            ("better (dot) com", "review_has_link"),
            ("\uff42etter\uff0ecom", "review_has_link"),  # full-width letters
            ("bett\u200ber.com", "review_has_link"),  # a space nobody sees
            ("javascript:alert(1)", "review_has_link"),
            ("write to jane@better.example", "review_has_contact"),
            ("jane (at) better.example", "review_has_contact"),
            ("find me: @janedoe", "review_has_contact"),
            ("ring 040 123 4567", "review_has_contact"),
            ("ring +358-40-1234567", "review_has_contact"),
            ("<script>alert(1)</script>", "review_has_markup"),
            ("so <b>good", "review_has_markup"),
            ("&lt;b&gt;", "review_has_markup"),
            ("[url=x]y[/url]", "review_has_markup"),
            ("THE WORST CHOCOLATE EVER", "review_shouts"),
            ("sooooo good", "review_shouts"),
        ],
    )
    def test_what_a_person_should_read(self, text: str, code: str) -> None:
        assert code in codes(text)

    def test_every_reason_is_told_and_words_the_shop_holds(self) -> None:
        assert codes("<a> HTTPS://X.COM CALL 040 1234567") == ["review_has_markup", "review_has_contact", "review_has_link", "review_shouts"]
        assert codes("Tasted like Sápö", "sapo") == ["review_word_held"]
        assert codes("Tasted like soap", "sapo") == []


class TestTrusted:
    def test_the_shops_choice_and_what_was_refused_before(self) -> None:
        def told(published: str, *, proved: bool = False, refusals: int = 0) -> list[str]:
            return [str(fail.reason) for fail in trusted(published, proved=proved, refusals=refusals)]

        assert told("clean") == []
        assert told("proved") == ["review_not_proved"]
        assert told("proved", proved=True) == []
        assert told("never", proved=True) == ["review_all_wait"]
        assert told("clean", proved=True, refusals=1) == ["review_refused_before"]


class TestShownName:
    def test_no_more_is_kept_than_is_shown(self) -> None:
        assert shown_name(" Jane  Doe ", ShownAs.NAME) == "Jane"
        assert shown_name("åsa", ShownAs.INITIAL) == "Å."
        assert shown_name("Jane", ShownAs.NOBODY) is None
        assert shown_name(" \u202e ", ShownAs.NAME) is None


class TestTidy:
    def test_lines_stay_and_what_steers_goes(self) -> None:
        assert tidy(" a\u202e  b\r\n\n\n\n c\x07\x00 <b> ") == "a b\n\nc <b>"


class TestRating:
    def test_is_the_plain_average_half_up(self) -> None:
        assert (rating({}).count, rating({}).average_tenths) == (0, 0)
        assert (rating({5: 1, 4: 1}).average_tenths, rating({5: 2, 4: 1}).average_tenths, rating({5: 3, 4: 17}).average_tenths) == (45, 47, 42)
        assert rating({1: 2}).by_stars == {5: 0, 4: 0, 3: 0, 2: 0, 1: 2}

"""What each channel can carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.ids import new_id
from app.kernel.text_limits import LINK_MOST_CHARS, WORD_AND_CODE_MOST_CHARS, Segments, with_tail
from app.kernel.verdict import PASS, Fail
from app.security.contacts.words import MAX_CHARS
from app.security.deep_links import signed_link
from notifications import checking, wording
from notifications.contracts import ChannelKind
from notifications.reasons import NotificationReason as Reason
from notifications.told import Said
from notifications.ways import fits
from offers.message_texts import too_long


class TestSmsSegments:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", Segments("gsm-7", 0, 1)),
            ("x" * 160, Segments("gsm-7", 160, 1)),
            ("x" * 161, Segments("gsm-7", 161, 2)),
            ("x" * 306, Segments("gsm-7", 306, 2)),
            ("x" * 307, Segments("gsm-7", 307, 3)),
            ("€" * 80, Segments("gsm-7", 160, 1)),
            ("€" * 81, Segments("gsm-7", 162, 2)),
            ("x" * 152 + "€" + "x" * 152, Segments("gsm-7", 306, 3)),
            ("č" * 70, Segments("ucs-2", 70, 1)),
            ("č" * 71, Segments("ucs-2", 71, 2)),
            ("🍫" * 35, Segments("ucs-2", 70, 1)),
            ("x" * 66 + "🍫" + "x" * 66, Segments("ucs-2", 134, 3)),
            ("שלום", Segments("ucs-2", 4, 1)),
        ],
    )
    def test_as_the_network_counts(self, text: str, found: Segments) -> None:
        """Seen to fail where a character of two units was split between two parts."""
        assert wording.sms_segments(text) == found


class TestSms:
    def test_four_parts_and_no_more(self) -> None:
        assert wording.sms("x" * 612, risky=False) == PASS
        assert wording.sms("x" * 613, risky=False) == Fail(Reason.TEXT_TOO_LONG, {"encoding": "gsm-7", "segments": 5, "most_segments": 4})

    @pytest.mark.parametrize("text", ["see https://x.example", "WWW.shop.example", "pay at evil.com", "m.shop.fi"])
    def test_no_address_where_it_is_risky(self, text: str) -> None:
        assert wording.sms(text, risky=True) == Fail(Reason.LINK_NOT_ALLOWED)
        assert wording.sms(text, risky=False) == PASS

    def test_a_sentence_is_no_address(self) -> None:
        assert not wording.has_address("25 % off today.Come in. 9.90 EUR, e.g. bonbons")


class TestInWindow:
    NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

    @pytest.mark.parametrize(("ago_s", "open_"), [(0, True), (86_399, True), (86_400, False), (-1, False)])
    def test_less_than_a_day(self, ago_s: int, open_: bool) -> None:
        assert wording.in_window(self.NOW - timedelta(seconds=ago_s), self.NOW) is open_

    def test_never_heard(self) -> None:
        assert not wording.in_window(None, self.NOW)


class TestFits:
    def test_each_channel_by_its_own_measure(self) -> None:
        title, body = "Bonbon", "x" * 1600
        found = {c.value: wording.fits(c, title, body) for c in ChannelKind}
        assert {name for name, verdict in found.items() if not verdict.ok} == {"sms", "whatsapp"}
        assert wording.fits(ChannelKind.EMAIL, "x" * 151, "") == Fail(Reason.TEXT_TOO_LONG, {"chars": 151, "most_chars": 150})


class TestWhatGoesWithAText:
    @pytest.mark.parametrize("risky", [False, True])
    def test_is_counted_alike_where_a_campaign_is_written_and_where_it_is_sent(self, risky: bool) -> None:
        """Planted bug: a shorter tail counted in the form, so that it took texts that were never sent."""
        written = next(n for n in range(600, 0, -1) if not [*too_long({"sms": "a" * n}, risky=risky)])
        sent = next(n for n in range(600, 0, -1) if fits(ChannelKind.SMS, Said("", "a" * n, "", "en", risky)).ok)
        assert written == sent == 4 * 153 - 1 - WORD_AND_CODE_MOST_CHARS - (0 if risky else 1 + LINK_MOST_CHARS)

    def test_what_really_goes_with_it_is_no_longer(self) -> None:
        code = checking.code_of("shp_1", new_id("msg"))
        assert MAX_CHARS + 1 + len(code) <= WORD_AND_CODE_MOST_CHARS
        assert len("https://shop.example") + len(signed_link("shp_1", f"/m/coupons/{new_id('cpn')}", datetime(2030, 1, 1, tzinfo=UTC))) <= LINK_MOST_CHARS
        assert with_tail("", link=False) == "x" * WORD_AND_CODE_MOST_CHARS

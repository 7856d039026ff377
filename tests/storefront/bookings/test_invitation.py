"""The file for her calendar, against the lines of RFC 5545."""

from __future__ import annotations

from datetime import UTC, datetime

from storefront.bookings.invitation import Invitation, written

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def lines(title: str = "Praline course", moves: int = 0) -> list[str]:
    told = Invitation("bkg_1", title, "Kluuvi, Aleksanterinkatu", datetime(2026, 11, 22, 14, tzinfo=UTC), datetime(2026, 11, 22, 14, 45, tzinfo=UTC), moves, "http://shop.test/m/orders/ord_1")
    text = written(told, AT)
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "").splitlines()


class TestWritten:
    def test_says_when_and_where_in_utc(self) -> None:
        assert lines(moves=2)[4:14] == [
            "BEGIN:VEVENT", "UID:bkg_1@mobile-moments", "SEQUENCE:2", "DTSTAMP:20261121T120000Z", "DTSTART:20261122T140000Z", "DTEND:20261122T144500Z",
            "SUMMARY:Praline course", "LOCATION:Kluuvi\\, Aleksanterinkatu", "URL:http://shop.test/m/orders/ord_1", "END:VEVENT",
        ]  # fmt: skip

    def test_words_cannot_end_a_line_nor_become_one(self) -> None:
        """Planted bug: a line break in the title was written as it is; what followed it became a line of the file."""
        [summary] = [line for line in lines("a;b,c\\d\r\nATTACH:http://x") if line.startswith("SUMMARY")]
        assert summary == "SUMMARY:a\\;b\\,c\\\\d ATTACH:http://x"

    def test_long_words_are_folded_and_no_letter_is_cut(self) -> None:
        assert f"SUMMARY:{'Suklaakonvehtikurssi äöå 🍫 ' * 8}".strip() in lines("Suklaakonvehtikurssi äöå 🍫 " * 8)

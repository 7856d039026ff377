"""A booked time as a file for her calendar (RFC 5545). Pure.

Owns how it is written. Times are in UTC, so that no zone need be described; a booking that was moved has the same name and a higher SEQUENCE, by which a
calendar puts it in place of the one before. A library would bring reading, zones and recurrence, none of which is needed for one event of nine lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

MEDIA_TYPE = "text/calendar; charset=utf-8"
_MOST_BYTES = 75


@dataclass(frozen=True, slots=True)
class Invitation:
    """`moves`: how often it was moved. `page`: where it can be read on."""

    booking_id: str
    title: str
    where: str
    starts_at: datetime
    ends_at: datetime
    moves: int
    page: str


def written(told: Invitation, at: datetime) -> str:
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Mobile Moments//Bookings//EN", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:{told.booking_id}@mobile-moments", f"SEQUENCE:{told.moves}", f"DTSTAMP:{_instant(at)}",
        f"DTSTART:{_instant(told.starts_at)}", f"DTEND:{_instant(told.ends_at)}",
        f"SUMMARY:{_text(told.title)}", f"LOCATION:{_text(told.where)}", f"URL:{told.page}", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Section 3.3.11: what would end a value, or a line, is escaped."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(escaped.split())


def _folded(line: str) -> str:
    """Section 3.1: no line is longer than 75 octets, and no letter is cut in two."""
    out, room = [""], _MOST_BYTES
    for letter in line:
        size = len(letter.encode())
        if size > room:
            out.append("")
            room = _MOST_BYTES - 1  # the space it goes on with
        out[-1] += letter
        room -= size
    return "\r\n ".join(out)

"""Which bytes of a file are asked for (RFC 9110, section 14): one range, or all. Pure."""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def asked(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """(first, last) byte; None for the whole file: nothing was asked, several ranges, or a unit or form we do not know, which may be passed over.
    Raises ValueError for a range outside of the file."""
    found = _ONE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        if int(last) == 0 or size_bytes == 0:
            raise ValueError(header)
        return max(0, size_bytes - int(last)), size_bytes - 1
    begin, end = int(first), min(int(last or size_bytes - 1), size_bytes - 1)
    if last and int(last) < int(first):
        return None
    if begin >= size_bytes:
        raise ValueError(header)
    return begin, end

"""What a till wrote down while it had no network: entries in a chain, each hash over the one before.

Pure. Owns the hash and whether entries continue the chain. Must not judge what an entry is about: offline.py does.
The same as in app/web/static/js/offline.js; a browser test compares the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EntryKind(StrEnum):
    REDEEM = "redeem"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Entry:
    """`text` is what was scanned, or the number of the entry that is undone.

    `at` is the house's time as the till knew it, `at_text` as it was written; `clock_text` what the till's own clock said,
    empty for a till that did not say. `discount_minor`: what the clerk took off, where she said so.
    """

    seq: int
    kind: EntryKind
    text: str
    at: datetime
    at_text: str
    hash: str
    clock_text: str = ""
    discount_minor: int | None = None


def first_hash(till_id: str) -> str:
    """What the first entry of a till follows."""
    return hashlib.sha256(f"moments till {till_id}".encode()).hexdigest()


def entry_hash(before: str, seq: int, kind: str, at_text: str, text: str, clock_text: str = "", discount_minor: int | None = None) -> str:
    times = (at_text, clock_text) if clock_text else (at_text,)
    told = () if discount_minor is None else (str(discount_minor),)
    return hashlib.sha256("\n".join((before, str(seq), kind, *times, *told, text)).encode()).hexdigest()


def broken_at(before: str, seq: int, entries: Sequence[Entry]) -> int | None:
    """The number of the first entry that does not continue the chain after `seq` and `before`; None when all do."""
    for entry in entries:
        seq += 1
        told = entry_hash(before, seq, entry.kind, entry.at_text, entry.text, entry.clock_text, entry.discount_minor)
        if entry.seq != seq or entry.hash != told:
            return entry.seq
        before = entry.hash
    return None

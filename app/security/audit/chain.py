"""The rule of the chain: what is hashed, and what is wrong with a chain that somebody has been at.

Pure. Owns the canonical form of an entry and the check of a run of entries. Must not know the key: whoever calls hands in the
keyed hash, so a thief of the table alone cannot make a chain that fits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64

Keyed = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `seq` counts from 1. `prev_hash` is the hash of the one before, GENESIS for the first."""

    seq: int
    at: datetime
    kind: str
    actor: str
    subject_hash: str | None
    detail: str
    prev_hash: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not fit. `what` is: changed, missing, unlinked, cut_off."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Head:
    seq: int
    hash: str


START = Head(0, GENESIS)


def hashed(entry: Entry, keyed: Keyed) -> str:
    """The hash of an entry: keyed, over its canonical JSON, which holds the hash of the one before."""
    parts = [entry.seq, entry.at.astimezone(UTC).isoformat(timespec="microseconds"), entry.kind, entry.actor, entry.subject_hash, entry.detail, entry.prev_hash]
    return keyed(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def follow(entries: Iterable[Entry], keyed: Keyed, after: Head = START) -> Head | Broken:
    """The head after these entries (ordered by number, the next ones after `after`), or the first that does not fit."""
    head = after
    for entry in entries:
        if entry.seq != head.seq + 1:
            return Broken(head.seq + 1, "missing")
        if entry.prev_hash != head.hash:
            return Broken(entry.seq, "unlinked")
        if hashed(entry, keyed) != entry.hash:
            return Broken(entry.seq, "changed")
        head = Head(entry.seq, entry.hash)
    return head

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.security.audit.chain import GENESIS, START, Broken, Entry, Head, follow, hashed

AT = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)


def keyed(canonical: bytes) -> str:
    return hashlib.sha256(b"key" + canonical).hexdigest()


def chain(length: int) -> list[Entry]:
    out: list[Entry] = []
    before = GENESIS
    for seq in range(1, length + 1):
        entry = Entry(seq, AT + timedelta(seconds=seq), "campaign.moved", "operator:per_1", None, "{}", before)
        entry = replace(entry, hash=hashed(entry, keyed))
        before = entry.hash
        out.append(entry)
    return out


class TestHashed:
    @pytest.mark.parametrize(
        "other",
        [{"seq": 2}, {"at": AT + timedelta(microseconds=1)}, {"kind": "k"}, {"actor": "a"}, {"subject_hash": "x"}, {"subject_hash": ""}, {"detail": "[]"}, {"prev_hash": "1" * 64}],
    )
    def test_depends_on_every_field(self, other: dict[str, object]) -> None:
        """Seen to fail with `subject_hash` left out of the canonical form."""
        entry = Entry(1, AT, "campaign.moved", "operator:per_1", None, "{}", GENESIS)
        assert hashed(replace(entry, **other), keyed) != hashed(entry, keyed)  # type: ignore[arg-type]

    def test_depends_on_the_key(self) -> None:
        entry = chain(1)[0]
        assert hashed(entry, lambda c: hashlib.sha256(b"other" + c).hexdigest()) != entry.hash

    def test_the_same_instant_in_another_zone_is_the_same(self) -> None:
        from zoneinfo import ZoneInfo

        entry = chain(1)[0]
        assert hashed(replace(entry, at=entry.at.astimezone(ZoneInfo("Asia/Tokyo"))), keyed) == entry.hash


class TestFollow:
    def test_ends_at_the_newest(self) -> None:
        entries = chain(5)
        assert follow(entries, keyed) == Head(5, entries[-1].hash)
        assert follow([], keyed) == START
        assert follow(entries[3:], keyed, Head(3, entries[2].hash)) == Head(5, entries[-1].hash)

    @pytest.mark.parametrize("at", range(5))
    def test_names_the_first_that_is_changed(self, at: int) -> None:
        entries = chain(5)
        entries[at] = replace(entries[at], actor="somebody else")
        assert follow(entries, keyed) == Broken(at + 1, "changed")

    @pytest.mark.parametrize("at", range(4))
    def test_names_the_first_that_is_missing(self, at: int) -> None:
        entries = chain(5)
        del entries[at]
        assert follow(entries, keyed) == Broken(at + 1, "missing")

    def test_a_changed_one_that_is_hashed_anew_unlinks_the_next(self) -> None:
        entries = chain(3)
        forged = replace(entries[0], actor="somebody else")
        entries[0] = replace(forged, hash=hashed(forged, keyed))
        assert follow(entries, keyed) == Broken(2, "unlinked")

    def test_two_that_changed_places(self) -> None:
        entries = chain(3)
        entries[0], entries[1] = entries[1], entries[0]
        assert follow(entries, keyed) == Broken(1, "missing")

"""Ephemeral ids: the published values, the edges, and what is refused."""

from __future__ import annotations

import json

import pytest

from geofences.beacons.ephemeral import agreed_key, ephemeral_id, public_key, sends
from geofences.beacons.rotation import Rotation, WrongKey
from tests.geofences.beacons.vectors import AGREEMENT, IDS, KEY
from tests.paths import shared

RAW = {name: bytes.fromhex(value) for name, value in AGREEMENT.items()}


class TestEphemeralId:
    @pytest.mark.parametrize(("key", "exponent", "clock_s", "expected"), IDS)
    def test_the_published_ids_and_the_edges(self, key: str, exponent: int, clock_s: int, expected: str) -> None:
        """Planted bug: the passing key taken of the whole clock instead of its upper half fails on all but one."""
        assert ephemeral_id(bytes.fromhex(key), exponent, clock_s).hex() == expected

    def test_all_shared_vectors(self) -> None:
        every = json.loads(shared("vectors", "eddystone-eid", "eid.json").read_text())
        rows = every["published"] + every["derived"]
        assert len(rows) > 300
        for row in rows:
            assert ephemeral_id(bytes.fromhex(row["identity_key"]), row["k"], row["beacon_time"]).hex() == row["eid"]

    def test_it_changes_with_its_period_and_not_within(self) -> None:
        ids = [ephemeral_id(KEY, 4, clock) for clock in (32, 47, 48)]
        assert ids[0] == ids[1] != ids[2]

    @pytest.mark.parametrize(
        ("key", "exponent", "clock_s"), [(b"short", 1, 0), (KEY, 16, 0), (KEY, -1, 0), (KEY, 1, -1), (KEY, 1, 1 << 32)]
    )
    def test_what_is_no_key_exponent_or_clock_is_refused_without_showing_it(
        self, key: bytes, exponent: int, clock_s: int
    ) -> None:
        with pytest.raises(WrongKey) as wrong:
            ephemeral_id(key, exponent, clock_s)
        assert "short" not in str(wrong.value)
        assert KEY.hex() not in str(wrong.value)


class TestAgreedKey:
    def test_both_sides_come_to_the_published_key(self) -> None:
        publics = {"resolver_public": RAW["resolver_public"], "beacon_public": RAW["beacon_public"]}
        assert agreed_key(RAW["resolver_private"], RAW["beacon_public"], **publics) == RAW["identity_key"]
        assert agreed_key(RAW["beacon_private"], RAW["resolver_public"], **publics) == RAW["identity_key"]

    @pytest.mark.parametrize("public", [bytes(32), bytes([1]) + bytes(31), b"too short"])
    def test_a_public_key_that_gives_the_secret_away_is_refused(self, public: bytes) -> None:
        with pytest.raises(WrongKey):
            agreed_key(RAW["resolver_private"], public, resolver_public=RAW["resolver_public"], beacon_public=public)


class TestPublicKey:
    def test_the_published_pairs(self) -> None:
        assert public_key(RAW["resolver_private"]) == RAW["resolver_public"]
        assert public_key(RAW["beacon_private"]) == RAW["beacon_public"]

    def test_no_key(self) -> None:
        with pytest.raises(WrongKey):
            public_key(b"")


class TestSends:
    def test_a_rotation_sends_its_id(self) -> None:
        assert sends(Rotation("b", KEY, 10, 0.0, 0), 2000).hex() == "4144413e45fefa58"

"""Redemptions = min(cap, valid attempts), not one over and not one under, through HTTP with many at once.

Each client is a phone and a till: the moment is weighed, and the coupon, if there is one, is scanned twice. A claim
without its cap is kept planted in tests/offers/test_proofs.py.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from tests.proofs.rig import Rig
from tests.proofs.wire import Asked, Wire, crowd

FULL = [
    pytest.param(cap, connections, 50, marks=[pytest.mark.full, pytest.mark.timeout(7200)])
    for cap, connections in itertools.product((1, 3, 100, 2000), (8, 32, 64))
]


def rush(rig: Rig, connections: int, attempts: int) -> Counter[str]:
    """`attempts` moments by so many clients; what every scan was answered."""
    clerks, told = rig.clerks(connections), [Counter[str]() for _ in range(connections)]
    numbers = iter(range(attempts))

    def client(k: int) -> None:
        with Wire(rig.url) as wire:
            for n in numbers:  # one iterator for all: its next() is one step
                answer = wire.ask(Asked("POST", f"/proof/moments?moment_id={rig.campaign_id}_{n}&shopper_id=shp_{rig.campaign_id[4:]}_{n}"))
                assert answer.status == 200
                code: Any = answer.json["code"]
                told[k]["no coupon" if code is None else "coupon"] += 1
                for _ in range(0 if code is None else 2):
                    told[k][wire.ask(Asked("POST", "/v1/till/redemptions", {"code": code}, clerks[k])).code] += 1

    crowd(connections, client)
    return sum(told, Counter())


class TestCaps:
    @pytest.mark.parametrize(("cap", "connections", "rounds"), [(1, 32, 2), (3, 8, 2), (20, 64, 1), *FULL])
    def test_redemptions_are_the_smaller_of_cap_and_attempts(self, rig: Rig, cap: int, connections: int, rounds: int) -> None:
        for _ in range(rounds):
            attempts = cap + max(4, cap // 4)
            rig.campaign(caps={"per_shopper": None, "total": cap})
            told = rush(rig, connections, attempts)
            assert told == {"coupon": cap, "no coupon": attempts - cap, "201": cap, "coupon_already_redeemed": cap}
            assert rig.in_order().redemptions == cap

    def test_fewer_attempts_than_the_cap(self, rig: Rig) -> None:
        rig.campaign(caps={"per_shopper": None, "total": 100})
        assert rush(rig, 8, 10) == {"coupon": 10, "201": 10, "coupon_already_redeemed": 10}
        assert rig.in_order().redemptions == 10

"""Redemptions = min(cap, valid attempts), not one over and not one under, through HTTP with many at once.

Each client is a phone and a till: the moment is weighed, and the coupon, if there is one, is scanned twice. A claim
without its cap is kept planted in tests/offers/test_proofs.py.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.proofs.rig import Rig, Told
from tests.proofs.wire import Asked, Wire, crowd

TOTAL = {"per_shopper": None, "total": 0}
OF_THE_PLACE = {"per_shopper": None, "per_place": 0}
OF_ONE_PERSON = {"per_shopper": 0, "counted_by": ["account", "device"]}
"""All attempts come from one phone, each with another account."""

FULL = [
    *itertools.product((TOTAL,), (1, 3, 100, 2000), (8, 32, 64)),
    *itertools.product((OF_THE_PLACE, OF_ONE_PERSON), (3, 100), (8, 64)),
]
SMALL = [(TOTAL, 1, 32), (TOTAL, 3, 8), (TOTAL, 20, 64), (OF_THE_PLACE, 3, 32), (OF_ONE_PERSON, 1, 32)]


def named(caps: dict[str, Any], cap: int, connections: int, rounds: int) -> Any:
    marks = [pytest.mark.full, pytest.mark.timeout(7200)] if rounds > 1 else []
    return pytest.param(caps, cap, connections, rounds, id=f"{next(k for k, v in caps.items() if v == 0)}-{cap}-{connections}-{rounds}", marks=marks)


def rush(rig: Rig, clerks: list[dict[str, str]], attempts: int, urls: Sequence[str] = ()) -> Counter[str]:
    """`attempts` moments by as many clients as there are clerks, at the rig's server or at each of `urls` in turn; what every scan was answered."""
    told = [Counter[str]() for _ in clerks]
    numbers = iter(range(attempts))

    def client(k: int) -> None:
        with Wire(urls[k % len(urls)] if urls else rig.url) as wire:
            for n in numbers:  # one iterator for all: its next() is one step
                answer = wire.ask(Asked("POST", f"/proof/moments?moment_id={rig.campaign_id}_{n}&shopper_id=shp_{rig.campaign_id[4:]}_{n}"))
                assert answer.status == 200
                code: Any = answer.json["code"]
                told[k]["no coupon" if code is None else "coupon"] += 1
                for _ in range(0 if code is None else 2):
                    told[k][wire.ask(Asked("POST", "/v1/till/redemptions", {"code": code}, clerks[k])).code] += 1

    crowd(len(clerks), client)
    return sum(told, Counter())


class TestCaps:
    @pytest.mark.parametrize(("caps", "cap", "connections", "rounds"), [*(named(*one, 1) for one in SMALL), *(named(*one, 50) for one in FULL)])
    def test_redemptions_are_the_smaller_of_cap_and_attempts(
        self, rig: Rig, caps: dict[str, Any], cap: int, connections: int, rounds: int, record_property: Told
    ) -> None:
        """`caps` with the cap in the place of its zero."""
        attempts, clerks = cap + max(4, cap // 4), rig.clerks(connections)
        for _ in range(rounds):
            rig.campaign(caps={name: cap if value == 0 else value for name, value in caps.items()})
            told = rush(rig, clerks, attempts)
            assert told == {"coupon": cap, "no coupon": attempts - cap, "201": cap, "coupon_already_redeemed": cap}
            assert rig.in_order().redemptions == cap
        record_property("proved", f"cap {cap} ({', '.join(caps)}), {connections} connections, {rounds} rounds of {attempts} attempts: {cap} coupons and {cap} redemptions in each")

    def test_fewer_attempts_than_the_cap(self, rig: Rig) -> None:
        rig.campaign(caps={"per_shopper": None, "total": 100})
        assert rush(rig, rig.clerks(8), 10) == {"coupon": 10, "201": 10, "coupon_already_redeemed": 10}
        assert rig.in_order().redemptions == 10

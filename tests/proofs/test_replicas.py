"""Three servers over one PostgreSQL hold what one holds: nothing that counts is kept in one process only.

The races are those of test_caps.py and test_single_use.py, each request to another replica than the one before.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from offers.models import Chunk
from tests.app.security.proofs import PhoneKey
from tests.proofs.rig import Rig, Told, scan
from tests.proofs.test_caps import rush
from tests.proofs.test_single_use import check
from tests.proofs.wire import Asked, Wire, together

pytestmark = pytest.mark.parametrize("rig", ["postgresql"], indirect=True)

REPLICAS = 3
DEVICES_A_MINUTE = 6
SEEN_AS = "http://shop.example"
FULL = [pytest.mark.full, pytest.mark.timeout(7200)]
ROUNDS = pytest.mark.parametrize("rounds", [1, pytest.param(300, marks=FULL)])


@pytest.fixture
def replicas(rig: Rig) -> Iterator[list[str]]:
    limits = {"till_codes_per_minute": 10_000, "guesses_per_minute": 10_000, "devices_per_minute": DEVICES_A_MINUTE}
    with rig.replicas(REPLICAS, security=limits, public_url=SEEN_AS) as urls:
        yield urls


class TestReplicas:
    @ROUNDS
    def test_what_holds_at_one_holds_over_three(self, rig: Rig, replicas: list[str], rounds: int, record_property: Told) -> None:
        """Planted bugs, each seen to fail: a limit whose tries are counted by process; a key of a request, and a proof, known to one process only; a chunk that is leased and not counted; and of plants.py, caps that are counted and then inserted."""
        clerks = rig.clerks(12)
        for n in range(rounds):
            _caps(rig, replicas, clerks)
            _one_use(rig, replicas, clerks)
            _one_effect(rig, replicas, clerks[0], f"key-{n}")
        _proved_once(rig, replicas)
        _limited_together(replicas, DEVICES_A_MINUTE - 1)
        _ended_everywhere(rig, replicas)
        record_property("proved", f"{rounds} rounds over {REPLICAS} replicas: caps, single use and keys of requests as at one server")


def _caps(rig: Rig, replicas: list[str], clerks: list[dict[str, str]]) -> None:
    """A campaign's cap, and a budget for as many coupons: so many that the replicas lease chunks of it, and so few that they come to its end."""
    cap = 48
    for changes in ({"caps": {"per_shopper": None, "total": cap}}, {"budget_minor": cap * 500}):
        rig.campaign(**changes)
        with _leasing(rig) as leased:
            assert rush(rig, clerks, cap + 6, replicas) == {"coupon": cap, "no coupon": 6, "201": cap, "coupon_already_redeemed": cap}, changes
        assert leased.is_set(), "nobody met anybody at the counter"
        assert rig.in_order().redemptions == cap


@contextlib.contextmanager
def _leasing(rig: Rig) -> Iterator[threading.Event]:
    """Set as soon as the campaign has a chunk."""
    seen, over = threading.Event(), threading.Event()
    any_of_it = select(Chunk.id).where(Chunk.campaign_id == rig.campaign_id).limit(1)

    def look() -> None:
        while not (seen.is_set() or over.wait(0.02)):
            if rig.database.glance(any_of_it, {}):
                seen.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _one_use(rig: Rig, replicas: list[str], clerks: list[dict[str, str]]) -> None:
    rig.campaign()
    coupon = rig.coupon()
    check(together(replicas, [scan(coupon, clerk) for clerk in clerks]))
    assert rig.in_order().redemptions == 1


def _one_effect(rig: Rig, replicas: list[str], clerk: dict[str, str], key: str) -> None:
    """The same request under one key, at all of them at once and once more: one answer, or to come again."""
    rig.campaign()
    one = scan(rig.coupon(), clerk, key=f"{rig.campaign_id}-{key}")
    answers = together(replicas, [one] * REPLICAS)
    assert {a.status for a in answers} <= {201, 409}
    for url in replicas:
        with Wire(url) as wire:
            answers.append(wire.ask(one))
    assert len({a.body for a in answers if a.status == 201}) == 1
    assert [a.status for a in answers[REPLICAS:]] == [201] * REPLICAS
    assert rig.in_order().redemptions == 1


def _proved_once(rig: Rig, replicas: list[str]) -> None:
    """A phone's proof that it holds its key counts at one of them, whoever sends it again."""
    phone, at_s = PhoneKey(), rig.now.timestamp()
    with Wire(replicas[0]) as wire:
        made = wire.ask(Asked("POST", "/v1/devices", {}, {"DPoP": phone.proof("POST", f"{SEEN_AS}/v1/devices", at_s)}))
    assert made.status == 201
    token = made.json["token"]
    proof = phone.proof("GET", f"{SEEN_AS}/v1/me", at_s, token=token)
    answers = together(replicas, [Asked("GET", "/v1/me", None, {"Authorization": f"DPoP {token}", "DPoP": proof})] * REPLICAS)
    assert Counter((a.status, a.json.get("reason")) for a in answers) == {(200, None): 1, (401, "dpop_seen_before"): REPLICAS - 1}


def _limited_together(replicas: list[str], left: int) -> None:
    """So many new phones a minute from one address, wherever they ask; so many of them may still come."""
    asked = [Asked("POST", "/v1/devices", {"name": "Phone", "platform": "android"})] * (left + 5)
    assert Counter(a.status for a in together(replicas, asked)) == {201: left, 429: 5}


def _ended_everywhere(rig: Rig, replicas: list[str]) -> None:
    """A session that ends at one is none at the others."""
    clerk = rig.clerk("Otso")
    told = Asked("POST", "/v1/till/redemptions", {"code": "no such code"}, clerk)
    with Wire(replicas[0]) as first, Wire(replicas[1]) as second:
        assert second.ask(told).status not in (401, 403)
        assert first.ask(Asked("DELETE", "/v1/sessions/current", None, clerk)).status in (200, 204)
        assert second.ask(told).status == 401

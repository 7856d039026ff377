"""One suite over both push gateways: the real SDK against the local stand-in, and the in-memory twin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.demo.peers.fcm_peer import FcmPeer
from notifications.ports import Outcome, TokenKind
from tests.notifications.wires import CASES, DELIVERED_ANYWAY, FcmWire, MemoryWire, request_to


@pytest.fixture(scope="module")
def peer() -> Iterator[FcmPeer]:
    with FcmPeer() as running:
        yield running


@pytest.fixture(params=["memory", "fcm"])
def wire(request: pytest.FixtureRequest) -> Iterator[MemoryWire | FcmWire]:
    made = MemoryWire() if request.param == "memory" else FcmWire(request.getfixturevalue("peer"))
    yield made
    made.close()


class TestSend:
    @pytest.mark.parametrize("kind", list(TokenKind))
    def test_accepted(self, wire: MemoryWire | FcmWire, kind: TokenKind) -> None:
        address = f"dev-accepted-{kind}"
        receipt = wire.gateway.send(request_to(address, kind=kind))
        assert receipt.outcome is Outcome.ACCEPTED
        assert receipt.provider_message_id
        assert wire.arrived(address) == [("msg_1", "vis_1")]

    @pytest.mark.parametrize("case", list(CASES))
    def test_each_failure_has_its_meaning_and_is_not_retried_inside(
        self, wire: MemoryWire | FcmWire, case: str
    ) -> None:
        """Planted bug: leaving the SDK's own retries on turned `unavailable` into five attempts over seven seconds."""
        address = f"dev-{case}"
        wire.script(address, case)
        began = time.monotonic()
        receipt = wire.gateway.send(request_to(address))
        assert time.monotonic() - began < 2.0
        assert receipt == CASES[case]
        assert wire.arrived(address) == ([("msg_1", "vis_1")] if case in DELIVERED_ANYWAY else [])
        assert wire.attempts(address) == (3 if case == "third_party_auth_error" and isinstance(wire, FcmWire) else 1)

    def test_a_repeat_carries_the_same_ids(self, wire: MemoryWire | FcmWire) -> None:
        address = "dev-repeat"
        wire.script(address, "unavailable_but_delivered")
        assert wire.gateway.send(request_to(address)).outcome is Outcome.RETRY
        assert wire.gateway.send(request_to(address)).outcome is Outcome.ACCEPTED
        assert wire.arrived(address) == [("msg_1", "vis_1"), ("msg_1", "vis_1")]

    def test_a_message_with_no_life_left_is_refused(self, wire: MemoryWire | FcmWire) -> None:
        assert wire.gateway.send(request_to("dev-late", ttl_s=-1)).outcome is Outcome.REFUSED

    def test_one_slow_recipient_does_not_hold_the_others(self, wire: MemoryWire | FcmWire) -> None:
        wire.script("dev-slow", "timeout")
        with ThreadPoolExecutor(4) as pool:
            slow = pool.submit(wire.gateway.send, request_to("dev-slow"))
            quick = list(pool.map(lambda n: wire.gateway.send(request_to(f"dev-quick-{n}")), range(6)))
        assert [q.outcome for q in quick] == [Outcome.ACCEPTED] * 6
        assert slow.result().outcome is Outcome.RETRY

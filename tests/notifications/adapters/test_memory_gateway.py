"""The twin's own part: devices that show a message once, and dead addresses that stay dead."""

from __future__ import annotations

from notifications.adapters.memory_gateway import MemoryGateway
from notifications.ports import Outcome
from tests.notifications.wires import CASES, request_to


class TestShown:
    def test_delivered_twice_is_shown_once(self) -> None:
        gateway = MemoryGateway()
        gateway.program("dev", CASES["unavailable_but_delivered"], delivered=True)
        gateway.send(request_to("dev"))
        gateway.send(request_to("dev"))
        assert len(gateway.arrived) == 2
        assert gateway.shown("dev") == ["msg_1"]


class TestKill:
    def test_dead_for_ever(self) -> None:
        gateway = MemoryGateway()
        gateway.kill("dev")
        assert [gateway.send(request_to("dev")).outcome for _ in range(2)] == [Outcome.DEAD, Outcome.DEAD]
        assert gateway.arrived == []

"""A broker in memory: the twin of the MQTT gateway for tests and demonstrations.

Owns messages until they are acknowledged. Keeps the promises of `ports.MessageBroker`, of the broker and of its client at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geofences.ports import Delivery


class MemoryBroker:
    """`publish` as a phone does; `sent` is what was left for phones, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self._waiting: dict[int, tuple[str, bytes]] = {}
        self._number = self._connection = 0
        self._topics: Sequence[str] = ()
        self._deliver: Callable[[Delivery], None] | None = None

    @property
    def unacknowledged(self) -> int:
        return len(self._waiting)

    def publish(self, topic: str, payload: bytes) -> None:
        self._number += 1
        self._waiting[self._number] = (topic, payload)
        self._hand_over(self._number)

    def open(self, topics: Sequence[str], deliver: Callable[[Delivery], None]) -> None:
        self._topics, self._deliver = topics, deliver
        self._connection += 1
        for number in list(self._waiting):
            self._hand_over(number)

    def acknowledge(self, delivery: Delivery) -> None:
        if self._deliver is not None and delivery.connection == self._connection:
            self._waiting.pop(delivery.number, None)

    def send(self, topic: str, payload: bytes) -> None:
        self.sent.append((topic, payload))

    def again(self) -> None:
        if self._deliver is not None:
            self.open(self._topics, self._deliver)

    def close(self) -> None:
        self._deliver = None

    def _hand_over(self, number: int) -> None:
        topic, payload = self._waiting[number]
        if self._deliver is not None and any(_matches(topic, pattern) for pattern in self._topics):
            self._deliver(Delivery(topic, payload, number, self._connection))


def _matches(topic: str, pattern: str) -> bool:
    levels, wanted = topic.split("/"), pattern.split("/")
    return len(levels) == len(wanted) and all(w in ("+", level) for level, w in zip(levels, wanted, strict=True))

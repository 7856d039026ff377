"""Who of a group reads which partition, for the log in memory.

Owns the seats of members, and the dividing: as evenly as can be, moving as little as can be. A partition that moves is nobody's from the
time it is given back until it is taken. Knows no records and no clock.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(slots=True)
class _Seat:
    number: int
    """Who joins under a name that is taken takes the seat: the number tells the two apart."""
    heard_at_s: float


class Group:
    """Not safe for threads by itself: the log's lock is held by whoever calls."""

    def __init__(self, partitions: int, session_s: float) -> None:
        self.session_s = session_s
        self._seats: dict[str, _Seat] = {}
        self._numbers = 0
        self._meant: list[str | None] = [None] * partitions
        self._held: list[str | None] = [None] * partitions

    def join(self, name: str, now_s: float) -> int:
        self._numbers += 1
        self._seats[name] = _Seat(self._numbers, now_s)
        self._let_go(name)
        self._divide()
        return self._numbers

    def sits(self, name: str, number: int) -> bool:
        return name in self._seats and self._seats[name].number == number

    def sits_another(self, name: str) -> bool:
        """Of one that no longer sits: somebody has its name."""
        return name in self._seats

    def heard(self, name: str, number: int, now_s: float) -> bool:
        """Whether it sits there still. Whoever has not been heard of for a session does not."""
        late = [who for who, seat in self._seats.items() if now_s - seat.heard_at_s > self.session_s]
        for who in late:
            del self._seats[who]
            self._let_go(who)
        if late:
            self._divide()
        if not self.sits(name, number):
            return False
        self._seats[name].heard_at_s = now_s
        return True

    def leave(self, name: str, number: int, *, for_good: bool) -> None:
        if not self.sits(name, number):
            return
        self._let_go(name)
        if for_good:
            del self._seats[name]
            self._divide()

    def to_give_back(self, name: str) -> set[int]:
        return {p for p, holder in enumerate(self._held) if holder == name and self._meant[p] != name}

    def give_back(self, name: str, number: int, partitions: Collection[int]) -> None:
        if self.sits(name, number):
            for partition in partitions:
                self._held[partition] = None

    def take(self, name: str, number: int) -> set[int]:
        if not self.sits(name, number):
            return set()
        free = {p for p, holder in enumerate(self._held) if holder is None and self._meant[p] == name}
        for partition in free:
            self._held[partition] = name
        return free

    def _let_go(self, name: str) -> None:
        self._held = [None if holder == name else holder for holder in self._held]

    def _divide(self) -> None:
        had: dict[str, list[int]] = {name: [] for name in self._seats}
        free: list[int] = []
        for partition, name in enumerate(self._meant):
            had.get(name or "", free).append(partition)
        least, over = divmod(len(self._meant), max(1, len(had)))
        room = {n: least + (i < over) for i, n in enumerate(sorted(had, key=lambda n: (-len(had[n]), n)))}
        for name, most in room.items():
            free += had[name][most:]
            del had[name][most:]
        self._meant = [None] * len(self._meant)
        for name, most in room.items():
            for partition in had[name] + [free.pop(0) for _ in range(most - len(had[name]))]:
                self._meant[partition] = name

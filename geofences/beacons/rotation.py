"""Which beacon an ephemeral id is of, now: a table of what each beacon may be sending, clock drift included.

Owns the beacon's counting of time (a 32-bit counter that wraps) and the table. Pure: the formula is handed in. Must not store
keys: it forgets them with the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST_EXPONENT = 15
WRAP_S = 1 << 32


class WrongKey(ValueError):
    """A key or number for ephemeral ids is not of the right form; the message says which, never what it was."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """How one beacon rotates. When our clock showed `set_at_s` (since 1970), its own showed `set_clock_s`."""

    beacon_id: str
    identity_key: bytes = field(repr=False)
    exponent: int
    set_at_s: float
    set_clock_s: int

    def clock_s(self, at_s: float) -> int:
        """What the beacon's counter shows at a time of ours, if its clock is right."""
        return int(self.set_clock_s + (at_s - self.set_at_s)) % WRAP_S


@dataclass(frozen=True, slots=True)
class DriftRules:
    """`window_s`: how wrong a beacon's clock may be when it was set; `ppm`: how much it gains or loses; `most_s` at the end."""

    window_s: float = 120.0
    ppm: float = 50.0
    most_s: float = 7200.0

    def tolerance_s(self, rotation: Rotation, at_s: float) -> float:
        return min(self.most_s, self.window_s + abs(at_s - rotation.set_at_s) * self.ppm / 1e6)


@dataclass(frozen=True, slots=True)
class Resolved:
    """`off_s`: how far the beacon's clock is from right, at least (0: within the id's own period)."""

    beacon_id: str
    off_s: int


Sends = Callable[[Rotation, int], bytes]


class EphemeralTable:
    """What registered beacons may be sending about one time. Built for a stretch of time and built anew outside of it."""

    def __init__(self, rotations: Iterable[Rotation], sends: Sends, rules: DriftRules | None = None) -> None:
        self._rotations, self._sends, self._rules = tuple(rotations), sends, rules or DriftRules()
        self._of: dict[tuple[str, int], bytes] = {}
        self._tables: dict[int, dict[bytes, list[tuple[Rotation, int]]]] = {}

    def resolve(self, ephemeral: bytes, at_s: float) -> Resolved | None:
        """The beacon that may send this at `at_s`; None where none does, or two do (ids of 8 bytes meet by chance or by copying)."""
        found: dict[str, int] = {}
        for rotation, began in self._table(int(at_s // 64)).get(ephemeral, ()):
            off_s = _off_s(rotation.clock_s(at_s), began, 1 << rotation.exponent)
            if off_s <= self._rules.tolerance_s(rotation, at_s):
                found[rotation.beacon_id] = min(off_s, found.get(rotation.beacon_id, off_s))
        if len(found) != 1:
            return None
        ((beacon_id, off_s),) = found.items()
        return Resolved(beacon_id, off_s)

    def _table(self, slot: int) -> dict[bytes, list[tuple[Rotation, int]]]:
        """Ids by bytes for 64 seconds of ours; the newest few slots are kept."""
        if slot not in self._tables:
            table: dict[bytes, list[tuple[Rotation, int]]] = {}
            for rotation in self._rotations:
                for began in self._periods(rotation, slot * 64.0, slot * 64.0 + 64.0):
                    table.setdefault(self._sent(rotation, began), []).append((rotation, began))
            while len(self._tables) >= 4:
                del self._tables[next(iter(self._tables))]
            self._tables[slot] = table
        return self._tables[slot]

    def _periods(self, rotation: Rotation, from_s: float, to_s: float) -> Iterable[int]:
        """The starts of the id's periods that the beacon's clock may be in, once round the counter."""
        period = 1 << rotation.exponent
        slack = int(self._rules.tolerance_s(rotation, to_s)) + 1
        first = rotation.clock_s(from_s) - slack
        count = (int(to_s - from_s) + 2 * slack) // period + 2
        began = first // period * period
        return [(began + i * period) % WRAP_S for i in range(count)]

    def _sent(self, rotation: Rotation, began: int) -> bytes:
        key = (rotation.beacon_id, began)
        if key not in self._of:
            if len(self._of) > 200_000:
                self._of.clear()
            self._of[key] = self._sends(rotation, began)
        return self._of[key]


def _off_s(clock_s: int, began: int, period_s: int) -> int:
    """How far the counter is outside [began, began + period), the short way round."""
    ahead = (clock_s - began) % WRAP_S
    if ahead < period_s:
        return 0
    return min(ahead - period_s + 1, WRAP_S - ahead)

"""How far a reported position may be believed: graded evidence, never a refusal by location alone.

Owns the grading of one fix against the few before it. Honest phones jump (220 m/s was seen on real tracks), send old positions
and repeat the last one for minutes, so a single oddity is a reason to write down, not to drop. Pure. It must not decide about an
offer: rooms above read level and reasons. docs/algorithms/trust.md says how each threshold was found.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from geofences.contracts import TrustLevel
from geofences.shapes import METRES_PER_DEGREE, haversine_m

MOCKED = "position_mocked"
JUMP = "position_jump"
STALE = "position_stale"
INACCURATE = "position_inaccurate"
TOO_SMOOTH = "position_too_smooth"
STATIC = "position_static"
REPLAYED = "position_replayed"
SYNTHETIC = "position_synthetic"
"""Its errors are not those of a receiver, or its pace not anybody's (`geofences.spoofing`)."""
MADE_UP = frozenset({TOO_SMOOTH, STATIC, REPLAYED, SYNTHETIC})
"""Doubts that say somebody made the track, not the earth."""
LASTING = frozenset({REPLAYED, SYNTHETIC})
"""Doubts that stay on a visit once they were noted: they speak of the whole way, not of one fix."""
SUSPECT = 0.5
"""Evidence of this strength is more than honest phones give in one fix of a hundred."""


class Located(Protocol):
    """What a fix tells of motion; `track.Sample` is one."""

    @property
    def at_s(self) -> float: ...
    @property
    def lat_deg(self) -> float: ...
    @property
    def lon_deg(self) -> float: ...
    @property
    def accuracy_m(self) -> float: ...


@dataclass(frozen=True, slots=True)
class TrustRules:
    """`jump_mps`: faster than any shopper travels near a shop; `stale_s`: age at receipt; `inaccurate_m`: 68 % radius.

    `smooth_m`: root mean square by which `smooth_fixes` fixes in a row miss a straight line at constant speed; `smooth_way_m`: the
    least way they must have come; `static_fixes`: so many positions in a row equal to the last bit; `repeat_fixes`: so many different
    positions in a row that came in the same order before; `jump_far_m`: a jump this far is not a bad fix any more.
    """

    jump_mps: float = 90.0
    stale_s: float = 600.0
    inaccurate_m: float = 100.0
    smooth_m: float = 0.07
    smooth_fixes: int = 8
    smooth_way_m: float = 15.0
    static_fixes: int = 13
    repeat_fixes: int = 4
    jump_far_m: float = 1_000.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one fix brings: `grades` pairs each reason for doubt with its strength from 0 to 1, in alphabetical order."""

    grades: tuple[tuple[str, float], ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(doubt for doubt, _ in self.grades)

    @property
    def strength(self) -> float:
        """Of all together, as if they were independent."""
        return 1.0 - math.prod(1.0 - strength for _, strength in self.grades)


def weigh(
    *,
    mocked: bool,
    accuracy_m: float,
    age_s: float,
    moved_mps: float | None,
    rules: TrustRules,
    sample: Located | None = None,
    recent: Sequence[Located] = (),
    prints: Collection[int] = (),
) -> Evidence:
    """Grade one fix. `moved_mps` is the least speed that explains the way from the fix before (None: no fix before).

    `sample` is the fix itself and `recent` the fixes before it, oldest first: without them its motion is not looked at. `prints` are
    fingerprints (`print_of`) of earlier motion of the same or another device, if somebody keeps them.
    """
    found: dict[str, float] = {}
    if mocked:
        found[MOCKED] = 1.0
    if moved_mps is not None and moved_mps > rules.jump_mps:
        found[JUMP] = _jump_strength(sample, recent, rules)
    if age_s > rules.stale_s:
        found[STALE] = 0.2
    if accuracy_m > rules.inaccurate_m:
        found[INACCURATE] = 0.1
    if sample is not None and recent:
        _weigh_motion(found, [*recent, sample], rules)
        if prints and print_of(recent, sample, rules) in prints:
            found[REPLAYED] = 0.8
    return Evidence(tuple(sorted(found.items())))


def _weigh_motion(found: dict[str, float], way: Sequence[Located], rules: TrustRules) -> None:
    """What the last few fixes look like together. Most are honest and are let go at the first glance: this runs for every fix."""
    last, before = way[-1], way[-2]
    if last.lat_deg == before.lat_deg and last.lon_deg == before.lon_deg:
        same = _same_in_a_row(way)
        if same >= rules.static_fixes:
            found[STATIC] = min(0.9, 0.5 + 0.1 * (same - rules.static_fixes))
    elif len(way) >= rules.smooth_fixes and _is_smooth(way[-rules.smooth_fixes :], rules):
        found[TOO_SMOOTH] = 0.8
    been_here = last.lat_deg in [fix.lat_deg for fix in way[: -rules.repeat_fixes]]  # on that circle at least
    if been_here and _repeats(way, rules.repeat_fixes):
        found[REPLAYED] = 0.8


def _jump_strength(sample: Located | None, recent: Sequence[Located], rules: TrustRules) -> float:
    """A bad fix or two jump; to be carried off for good, or a second jump within minutes, is more."""
    if sample is None or not recent:
        return 0.3
    last = recent[-1]
    far = haversine_m(last.lat_deg, last.lon_deg, sample.lat_deg, sample.lon_deg) > rules.jump_far_m
    return 0.6 if far and max(last.accuracy_m, sample.accuracy_m) <= rules.inaccurate_m else 0.3


def _place(fix: Located) -> tuple[float, float]:
    return fix.lat_deg, fix.lon_deg


def _same_in_a_row(way: Sequence[Located]) -> int:
    here = _place(way[-1])
    count = 0
    for fix in reversed(way):
        if _place(fix) != here:
            break
        count += 1
    return count


def _is_smooth(way: Sequence[Located], rules: TrustRules) -> bool:
    """Whether the fixes lie on a straight line at constant speed, more nearly than any receiver can tell."""
    first, middle, last = way[0], way[len(way) // 2], way[-1]
    if last.at_s <= first.at_s:
        return False
    # If all miss the line by little, the middle one misses the way from the first to the last by little.
    part, most_deg = (
        (middle.at_s - first.at_s) / (last.at_s - first.at_s),
        3 * rules.smooth_m * len(way) / METRES_PER_DEGREE,
    )
    if abs(first.lat_deg + part * (last.lat_deg - first.lat_deg) - middle.lat_deg) > most_deg:
        return False
    k_lon = METRES_PER_DEGREE * math.cos(math.radians(first.lat_deg))
    times = [fix.at_s - first.at_s for fix in way]
    east = [((fix.lon_deg - first.lon_deg + 180) % 360 - 180) * k_lon for fix in way]
    north = [(fix.lat_deg - first.lat_deg) * METRES_PER_DEGREE for fix in way]
    if math.hypot(east[-1], north[-1]) < rules.smooth_way_m:
        return False
    misses = _miss2(times, east) + _miss2(times, north)
    return misses <= len(way) * rules.smooth_m**2


def _miss2(times: Sequence[float], values: Sequence[float]) -> float:
    """Sum of squares by which values miss the line through them that misses least."""
    n = len(times)
    mean_t, mean_v = sum(times) / n, sum(values) / n
    tt = sum((t - mean_t) ** 2 for t in times)
    tv = sum((t - mean_t) * (v - mean_v) for t, v in zip(times, values, strict=True))
    vv = sum((v - mean_v) ** 2 for v in values)
    return vv if tt == 0 else max(0.0, vv - tv * tv / tt)


def _steps(way: Sequence[Located]) -> list[tuple[float, float]]:
    """Positions without those that repeat the one before: a parked phone's cached position is no motion."""
    out: list[tuple[float, float]] = []
    for fix in way:
        if not out or out[-1] != _place(fix):
            out.append(_place(fix))
    return out


def _repeats(way: Sequence[Located], length: int) -> bool:
    """The last `length` different positions came before in the same order, to the last bit."""
    steps = _steps(way)
    tail = steps[-length:]
    if len(set(tail)) < length or len(steps) < 2 * length:
        return False
    return any(steps[i : i + length] == tail for i in range(len(steps) - 2 * length + 1))


def print_of(recent: Sequence[Located], sample: Located, rules: TrustRules | None = None) -> int | None:
    """A fingerprint (64 bits) of the last few different positions, for whoever keeps them; None while there are too few.

    It tells nothing of where they are, and two tracks share one only if they share those positions to the last bit.
    """
    length = (rules or TrustRules()).repeat_fixes
    tail = _steps([*recent, sample])[-length:]
    if len(set(tail)) < length:
        return None
    packed = b"".join(struct.pack("<2d", *place) for place in tail)
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "big")


def level(doubts: Iterable[str], corroborations: Iterable[str] = ()) -> TrustLevel:
    """`claimed` unless a second, independent kind of evidence stands beside the positions (a beacon, an attested device).

    A mocked position is never more than claimed, whatever else was heard. A track that looks made up is verified by nothing but
    presence at the till.
    """
    doubted, kinds = set(doubts), set(corroborations)
    if MOCKED in doubted:
        return TrustLevel.CLAIMED
    if "till" in kinds or (len(kinds) >= 2 and not doubted & MADE_UP):
        return TrustLevel.VERIFIED
    return TrustLevel.CORROBORATED if kinds else TrustLevel.CLAIMED

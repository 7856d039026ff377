"""How far a reported position may be believed: graded evidence, never a refusal by location alone.

Owns the grading of one fix against the one before it. Honest phones jump (220 m/s was seen on real tracks), so a single
oddity is a reason to write down, not to drop. Pure. It must not decide about an offer: rooms above read level and reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from geofences.contracts import TrustLevel

MOCKED = "position_mocked"
JUMP = "position_jump"
STALE = "position_stale"
INACCURATE = "position_inaccurate"


@dataclass(frozen=True, slots=True)
class TrustRules:
    """`jump_mps`: faster than any shopper travels near a shop; `stale_s`: age at receipt; `inaccurate_m`: 68 % radius."""

    jump_mps: float = 90.0
    stale_s: float = 600.0
    inaccurate_m: float = 100.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one fix brings: reasons for doubt, in alphabetical order."""

    doubts: tuple[str, ...]


def weigh(*, mocked: bool, accuracy_m: float, age_s: float, moved_mps: float | None, rules: TrustRules) -> Evidence:
    """Grade one fix. `moved_mps` is the least speed that explains the way from the fix before (None: no fix before)."""
    doubts: list[str] = []
    if mocked:
        doubts.append(MOCKED)
    if moved_mps is not None and moved_mps > rules.jump_mps:
        doubts.append(JUMP)
    if age_s > rules.stale_s:
        doubts.append(STALE)
    if accuracy_m > rules.inaccurate_m:
        doubts.append(INACCURATE)
    return Evidence(tuple(sorted(doubts)))


def level(doubts: Iterable[str], corroborations: Iterable[str] = ()) -> TrustLevel:
    """`claimed` unless a second, independent kind of evidence stands beside the positions (a beacon, an attested device).

    A mocked position is never more than claimed, whatever else was heard.
    """
    if MOCKED in set(doubts):
        return TrustLevel.CLAIMED
    kinds = set(corroborations)
    if "till" in kinds or len(kinds) >= 2:
        return TrustLevel.VERIFIED
    return TrustLevel.CORROBORATED if kinds else TrustLevel.CLAIMED

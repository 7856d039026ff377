"""What a transition means: the moments it yields.

Owns the mapping from transitions to moments and the moments' deterministic ids. Pure. It must not decide whether a moment
leads to an offer.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.ids import derived_id
from geofences import trust
from geofences.contracts import MomentKind, TrustLevel
from geofences.transitions import Transition, TransitionKind


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment before it is stored; seconds since 1970. `visit_id` is "" for `crossed`."""

    id: str
    kind: MomentKind
    shopper_id: str
    device_id: str
    place_id: str
    fence_id: str
    visit_id: str
    at_s: float
    dwell_s: int
    nth_visit: int
    confidence: float
    trust: TrustLevel
    doubts: tuple[str, ...]


def moment_kinds(transition: Transition, nth_visit: int) -> tuple[MomentKind, ...]:
    """`nth_visit` counts this visit: 1 is the first at the place."""
    if transition.kind is TransitionKind.ENTERED:
        return (MomentKind.STORE_VISIT, MomentKind.RETURN_VISIT) if nth_visit >= 2 else (MomentKind.STORE_VISIT,)
    if transition.kind is TransitionKind.DWELLED:
        return (MomentKind.DWELL,)
    if transition.kind is TransitionKind.EXTENDED:
        return ()
    return (MomentKind.LEFT,) if transition.kind is TransitionKind.EXITED else (MomentKind.CROSSED,)


def moment_id(shopper_id: str, fence_id: str, started_s: float, what: str) -> str:
    """Ids depend on shopper, fence, start and kind (`dwell_300` for a step of the ladder) alone."""
    return derived_id("mom", shopper_id, fence_id, round(started_s * 1000), what)


def moments_of(transition: Transition, *, place_id: str, nth_visit: int) -> tuple[Moment, ...]:
    """All moments of one transition told by positions."""
    level = trust.level(transition.doubts)
    kinds = moment_kinds(transition, nth_visit)
    return tuple(moment_of(transition, kind, place_id=place_id, nth_visit=nth_visit, level=level) for kind in kinds)


def moment_of(transition: Transition, kind: MomentKind, *, place_id: str, nth_visit: int, level: TrustLevel) -> Moment:
    """The moment of this kind, with an id derived from shopper, fence, start and kind (and the dwell step)."""
    what = f"dwell_{transition.dwell_s}" if kind is MomentKind.DWELL else kind.value
    return Moment(
        id=moment_id(transition.shopper_id, transition.fence_id, transition.started_s, what),
        kind=kind,
        shopper_id=transition.shopper_id,
        device_id=transition.device_id,
        place_id=place_id,
        fence_id=transition.fence_id,
        visit_id=transition.visit_id,
        at_s=transition.at_s,
        dwell_s=transition.dwell_s,
        nth_visit=nth_visit,
        confidence=transition.confidence,
        trust=level,
        doubts=transition.doubts,
    )

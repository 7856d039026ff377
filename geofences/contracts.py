"""What may leave the room `geofences`: places, fixes, visits, moments, and the event that announces a moment.

Owns shapes only. Events carry ids and confidence, never a coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class MomentKind(StrEnum):
    STORE_VISIT = "store_visit"
    """The shopper has entered a place (visit confirmed)."""
    DWELL = "dwell"
    """The visit has lasted a step of the dwell ladder; `dwell_s` says which."""
    RETURN_VISIT = "return_visit"
    """Entered, and was here before; `nth_visit` counts."""
    LEFT = "left"
    """The visit has ended."""
    CROSSED = "crossed"
    """Passed through between two fixes without staying."""
    BEACON_PROXIMITY = "beacon_proximity"


class TrustLevel(StrEnum):
    """How far the position may be believed; never a refusal by itself."""

    CLAIMED = "claimed"
    CORROBORATED = "corroborated"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Fix:
    """A reported position (WGS 84 degrees). `occurred_at` is device time, `received_at` ours, both aware UTC."""

    shopper_id: str
    device_id: str
    occurred_at: datetime
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    speed_mps: float | None = None
    bearing_deg: float | None = None
    mocked: bool = False


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Why nothing may happen at a place: it is too near a sensitive one. `kind` and `words` are as general as will do, `distance_m` is
    from perimeter to perimeter (0: they touch), `limit_m` is what must lie between; `source` is the rule, `since` its first day (ISO 8601)."""

    kind: str
    words: str
    distance_m: int
    limit_m: float
    source: str
    since: str | None

    def __str__(self) -> str:
        """In a sentence without its beginning: "health care is 131 m away, ..."."""
        where = f"is {self.distance_m} m away" if self.distance_m else "touches it or lies within it"
        since = f", in force since {self.since}" if self.since else ""
        asked = f", at least {self.limit_m:g} m must lie between" if self.limit_m else ""
        return f"{self.words} {where}{asked}: {self.source}{since}"


@dataclass(frozen=True, slots=True)
class Place:
    """A store, mall or other place with one or more fences. `timezone` is an IANA zone; `lat_deg`/`lon_deg` a point for the map.

    With `refused`, no visit there is noticed and nothing is offered there. `hours`: (mon to sun, `10:00-20:00` or `closed`); empty: not known."""

    id: str
    name: str
    kind: str
    chain: str | None
    timezone: str
    tags: tuple[str, ...]
    lat_deg: float
    lon_deg: float
    refused: Sensitivity | None = None
    hours: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class VisitView:
    """One stay at one place. `ended_at` is None while it is open; `parent_id` is the visit of the mall a store lies in."""

    id: str
    shopper_id: str
    place_id: str
    fence_id: str
    started_at: datetime
    ended_at: datetime | None
    dwell_s: int
    confidence: float
    trust: TrustLevel
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A visit that is written for the first time. Seconds since 1970; `until_s` is infinite while it lasts."""

    visit_id: str
    shopper_id: str
    device_id: str
    place_id: str
    started_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class MomentView:
    id: str
    kind: MomentKind
    shopper_id: str
    device_id: str
    place_id: str
    visit_id: str
    occurred_at: datetime
    dwell_s: int
    nth_visit: int
    confidence: float
    trust: TrustLevel
    trust_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MomentDetected:
    """Event `moment.detected`: a shopper's moment at a place. No coordinates."""

    TYPE: ClassVar[str] = "moment.detected"

    moment_id: str
    kind: str
    shopper_id: str
    device_id: str
    place_id: str
    visit_id: str
    occurred_at: datetime
    detected_at: datetime
    dwell_s: int
    nth_visit: int
    confidence: float
    trust: str
    trust_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitConfirmed:
    """Event `visit.confirmed`: what she showed at the place has changed how far a visit may be believed, up or down (`level`). What beacons confirm is
    told by the visit's next moment."""

    TYPE: ClassVar[str] = "visit.confirmed"

    visit_id: str
    shopper_id: str
    level: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class MomentRetracted:
    """Event `moment.retracted`: late truth has taken back a moment (its visit never was, or was another).

    Should it turn out true after all, `moment.detected` comes again with the same id.
    """

    TYPE: ClassVar[str] = "moment.retracted"

    moment_id: str
    visit_id: str
    shopper_id: str
    place_id: str
    occurred_at: datetime

"""The way of a parcel as a table: which step may follow which, and why one came back. Pure.

Owns the steps. A parcel never goes backwards: a carrier's news that comes late changes nothing. A second try of the carrier is no step, but a later
estimate. What has failed comes back, and its pieces may be sent again.
"""

from __future__ import annotations

from enum import StrEnum


class ShipmentState(StrEnum):
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"


class Failure(StrEnum):
    """Why it could not be delivered."""

    NOBODY_THERE = "nobody_there"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    DAMAGED = "damaged"
    LOST = "lost"


class Left(StrEnum):
    """Where a parcel was left that nobody took with a code."""

    AT_DOOR = "at_door"
    NEIGHBOUR = "neighbour"
    BOX = "box"
    DESK = "desk"


class Proof(StrEnum):
    """How it is known that a parcel was delivered: by the code on her phone, the carrier's word, or the courier's, who left it. Only the first proves it."""

    CODE = "code"
    CARRIER = "carrier"
    LEFT = "left"


S = ShipmentState
NEXT: dict[ShipmentState, frozenset[ShipmentState]] = {
    S.PACKED: frozenset({S.HANDED_OVER, S.OUT_FOR_DELIVERY}),
    S.HANDED_OVER: frozenset({S.OUT_FOR_DELIVERY, S.DELIVERED, S.FAILED}),
    S.OUT_FOR_DELIVERY: frozenset({S.DELIVERED, S.FAILED}),
    S.DELIVERED: frozenset(),
    S.FAILED: frozenset({S.RETURNED}),
    S.RETURNED: frozenset(),
}
UNDER_WAY = frozenset({S.HANDED_OVER, S.OUT_FOR_DELIVERY})


def predecessors(new: ShipmentState) -> frozenset[ShipmentState]:
    """The states from which a parcel may become `new`: the WHERE of the move."""
    return frozenset(state for state, following in NEXT.items() if new in following)


def is_behind(state: ShipmentState, told: ShipmentState) -> bool:
    """The parcel is as far as `told`, or farther: the news is old."""
    return state == told or state in _after(told)


def _after(state: ShipmentState) -> frozenset[ShipmentState]:
    return NEXT[state].union(*(_after(one) for one in NEXT[state]))

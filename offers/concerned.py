"""Which campaigns can change what one campaign decides; all others may be left out when moments are decided again.

Pure. Owns the ways by which one campaign reaches another: a moment that both weigh, a shopper's coupons that tell of a liking
for both, phones by which both count, coupons of the one that the audience of the other asks for. Whatever else a decision
sees belongs to its own campaign. A test holds a rehearsal of these against one of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from offers import affinity, segments
from offers.definition import Definition, Hint

PlacesOf = Callable[[Definition], frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Reach:
    """By what it may meet others."""

    kinds: frozenset[str]
    place_ids: frozenset[str]
    marks: frozenset[str]

    def meets(self, other: _Reach) -> bool:
        if not self.marks.isdisjoint(other.marks):
            return True
        return not self.kinds.isdisjoint(other.kinds) and not self.place_ids.isdisjoint(other.place_ids)


def concerned(campaign_id: str, definitions: Mapping[str, Definition], places_of: PlacesOf) -> frozenset[str]:
    """It and all it meets, all those meet, and so on. `places_of` gives the ids of the places a campaign listens at."""
    reaches = {cid: _reach(cid, d, definitions, places_of(d)) for cid, d in definitions.items()}
    found, new = {campaign_id}, [reaches.pop(campaign_id)]
    while new:
        one = new.pop()
        met = [cid for cid, other in reaches.items() if one.meets(other)]
        new += [reaches.pop(cid) for cid in met]
        found.update(met)
    return frozenset(found)


def _reach(campaign_id: str, d: Definition, definitions: Mapping[str, Definition], place_ids: frozenset[str]) -> _Reach:
    marks = {f"about {thing}" for thing in affinity.scope_of(d)} | {f"given {campaign_id}"}
    if Hint.DEVICE in d.caps.joined_by:
        marks.add("phones")
    for asked in segments.asked(d.audience) if d.audience is not None else ():
        if asked.fact in segments.OF_COUPONS:
            marks.update(f"given {cid}" for cid in (asked.campaign_ids or definitions))
    return _Reach(frozenset(d.trigger.moment_kinds), place_ids, frozenset(marks))

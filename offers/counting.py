"""What a campaign has given where, lately, and to all who may be one person: counted only where a campaign asks.

Owns these counts, over coupons that were not revoked. Reads only. They are exact when asked under the lock of the campaign's
counter, which everybody takes who gives a coupon of a campaign that asks (chunks.take, alone): issuance.py asks again there before it gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import UNSET, UnsetType
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.db import Instant, prepared
from geofences.contracts import MomentView
from offers import identity
from offers.contracts import CouponState
from offers.definition import Definition, Hint
from offers.identity import Others
from offers.models import CouponRow


class Besides(NamedTuple):
    """The last fields of conditions.Counts."""

    here: int | UnsetType = UNSET
    total_in_window: int | UnsetType = UNSET
    joined: int | UnsetType = UNSET
    joined_in_window: int | UnsetType = UNSET


NOTHING = Besides()

_C = CouponRow
_CAMPAIGNS = bindparam("campaigns", expanding=True)
_STANDS = _C.state != CouponState.REVOKED
_HERE = (
    select(_C.campaign_id, func.count())
    .where(_C.campaign_id.in_(_CAMPAIGNS), _C.place_id == bindparam("place"), _STANDS)
    .group_by(_C.campaign_id)
)
_LATELY = (
    select(_C.campaign_id, func.count())
    .where(_C.campaign_id.in_(_CAMPAIGNS), _C.issued_at > bindparam("since", type_=Instant), _STANDS)
    .group_by(_C.campaign_id)
)
_TO_THEM = select(_C.campaign_id, _C.shopper_id, _C.issued_at).where(
    _C.campaign_id.in_(_CAMPAIGNS), _C.shopper_id.in_(bindparam("ids", expanding=True)), _STANDS
)


def besides(
    session: Session, moment: MomentView, ids: tuple[str, ...], heard: Mapping[str, Definition], at: datetime
) -> dict[str, Besides]:
    """By campaign id, of those that ask; `ids` are hers. A statement for the place, one for each length of window, two for the
    others she may be."""
    asking = {cid: d for cid, d in heard.items() if asks(d)}
    if not asking:
        return {}
    here = _here(session, [cid for cid, d in asking.items() if d.caps.per_place], moment.place_id)
    lately = _lately(session, asking, at)
    given = _to_them(session, moment, ids, {cid: d for cid, d in asking.items() if d.caps.joined_by})
    return {cid: together(d, here.get(cid, 0), lately.get(cid, 0), given.get(cid, ()), at) for cid, d in asking.items()}


def asks(d: Definition) -> bool:
    return d.caps.per_place is not None or d.caps.total_window is not None or bool(d.caps.joined_by)


def together(d: Definition, here: int, lately: int, to_them: Iterable[datetime], at: datetime) -> Besides:
    """What the campaign asks for of these; `to_them` are the times of the coupons of all whom she may be."""
    caps, times = d.caps, list(to_them)
    window = caps.per_shopper_window
    return Besides(
        here if caps.per_place else UNSET,
        lately if caps.total_window else UNSET,
        len(times) if caps.joined_by and caps.per_shopper else UNSET,
        sum(t > at - timedelta(seconds=window.window_s) for t in times) if caps.joined_by and window else UNSET,
    )


def _here(session: Session, campaign_ids: list[str], place_id: str) -> dict[str, int]:
    if not campaign_ids:
        return {}
    return dict(prepared(session, _HERE, {"campaigns": campaign_ids, "place": place_id}).all())


def _lately(session: Session, asking: Mapping[str, Definition], at: datetime) -> dict[str, int]:
    by_length: defaultdict[int, list[str]] = defaultdict(list)
    for cid, d in asking.items():
        if d.caps.total_window:
            by_length[d.caps.total_window.window_s].append(cid)
    found: dict[str, int] = {}
    for window_s, campaign_ids in by_length.items():
        values = {"campaigns": campaign_ids, "since": at - timedelta(seconds=window_s)}
        found |= dict(prepared(session, _LATELY, values).all())
    return found


def _to_them(
    session: Session, moment: MomentView, ids: tuple[str, ...], asking: Mapping[str, Definition]
) -> dict[str, list[datetime]]:
    """When coupons were given to her and to those who share a hint with her that the campaign counts by."""
    if not asking:
        return {}
    kinds = {hint for d in asking.values() for hint in d.caps.joined_by}
    others = identity.others(session, ids, kinds, moment.device_id if Hint.DEVICE in kinds else None)
    everybody = {*ids, *(i for them in others.values() for i in them)}
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for cid, shopper_id, issued_at in prepared(session, _TO_THEM, {"campaigns": list(asking), "ids": sorted(everybody)}):
        if shopper_id in ids or counts_as_her(others, shopper_id, asking[cid]):
            found[cid].append(issued_at)
    return found


def counts_as_her(others: Others, shopper_id: str, d: Definition) -> bool:
    return any(shopper_id in others.get(hint, ()) for hint in d.caps.joined_by)

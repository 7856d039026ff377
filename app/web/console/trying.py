"""Try it: what a campaign would have done in the last days, from its page, before anybody approves it.

Owns the choice of days and the words beside the numbers. Must not count: the room replays its stored moments through the function that
decides, and hides what fewer than twenty people stand behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.kernel.errors import NotFound
from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.console.rows import percent_of
from offers import facade as offers
from offers.contracts import Simulation

router = APIRouter(include_in_schema=False)

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
SPANS = (1, 7, 14, 28)


@dataclass(frozen=True, slots=True)
class Against:
    """A reason that stood against an offer; `percent` is of all moments weighed."""

    code: str
    text: str
    moments: int
    shoppers: int
    percent: int


@router.get("/console/campaigns/{campaign_id}/try")
def try_it(request: Request, campaign_id: Id, _caller: Marketer, call: Reading, days: Annotated[int, Query(ge=1, le=28)] = 7) -> Response:
    """Who would have got it in the last `days`, who not and why, and what it would have cost."""
    now = call.clock.now()
    with call.database.reading() as session:
        view = offers.campaign(session, campaign_id)
        if view is None:
            raise NotFound
        mute_s = call.app.settings.offers.fewer_mute_s
        found = offers.simulate(session, campaign_id, since=now - timedelta(days=days), until=now, at=now, fewer_mute_s=mute_s)
    context = {"here": "campaigns", "view": view, "found": found, "against": against(found), "days": days, "spans": SPANS}
    return rendering.page(request, "console/try.html", context)


def against(found: Simulation) -> list[Against]:
    """Those that may be told, the commonest first."""
    return [
        Against(one.code, one.text, one.count.moments, one.count.shoppers, percent_of(one.count.moments, found.weighed.moments or 0))
        for one in found.reasons
        if one.count.moments is not None and one.count.shoppers is not None
    ]

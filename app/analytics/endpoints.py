"""The address of the funnel, for those who run campaigns. Owns parsing and answering."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.analytics import facade, heat
from app.kernel.errors import Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow

router = APIRouter(prefix="/v1/analytics", tags=["analytics"])

Analyst = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
DEFAULT_SPAN = timedelta(days=30)


@router.get("/funnel")
def show_funnel(
    _caller: Analyst,
    call: Reading,
    campaign_id: Annotated[str | None, Query(max_length=40, description="One campaign; without it all.")] = None,
    since: Annotated[
        datetime | None, Query(description="ISO 8601 with a zone; the whole UTC day counts. Default: 30 days ago.")
    ] = None,
) -> Response:
    """How many moments became offers, messages, orders and redemptions. Counts of fewer than 20 shoppers are not shown."""
    begin = call.clock.now() - DEFAULT_SPAN if since is None else _utc(since)
    return call.run(lambda session: facade.funnel(session, campaign_id, begin))


@router.post("/heat")
def show_heat(
    _caller: Analyst,
    call: Command,
    since: Annotated[datetime | None, Query(description="ISO 8601 with a zone; whole UTC days up to yesterday. Default: 30 days ago.")] = None,
    resolution: Annotated[int, Query(description="H3 resolution, 5 to 9.")] = 8,
    epsilon: Annotated[float | None, Query(description="With noise, paid from the month's budget; without it exact counts of twenty and more.")] = None,
) -> Response:
    """Where people are, in cells that at least 20 of them stand behind."""
    now = call.clock.now()
    begin = now - DEFAULT_SPAN if since is None else _utc(since)
    most = call.app.settings.privacy.aggregate_budget_epsilon
    return call.run(lambda session: heat.heat(session, since=begin, at=now, resolution=resolution, epsilon=epsilon, budget_epsilon=most))


@router.get("/budget")
def show_budget(_caller: Analyst, call: Reading) -> Response:
    """What was asked of each dataset with noise, month by month, and how much a month may hold."""
    most = call.app.settings.privacy.aggregate_budget_epsilon
    return call.run(lambda session: {"epsilon_a_month": most, "spent": heat.spent(session)})


def _utc(since: datetime) -> datetime:
    if since.tzinfo is None:
        raise Invalid.field("since", "give the zone too, for example 2026-11-21T00:00:00Z")
    try:
        return since.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Invalid.field("since", "give an instant between the years 1 and 9999") from None

"""Note how far a moment got: one conditional UPDATE a stage, whatever the order of the events.

Owns the stages and the totals that follow from them. Must not note anything about a shopper without consent to analytics: the
handlers ask. A stage that is reached twice is counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Table, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from app.analytics.models import CampaignTotal, FunnelRow
from app.kernel.bulk import insert_many
from app.kernel.db import connection_of, insert_new, moved

STAGES = ("detected", "offered", "withheld", "pushed", "suppressed", "seen", "ordered", "redeemed")


@dataclass(frozen=True, slots=True)
class Spot:
    """Which row: a moment, and the campaign that met it (empty for the moment by itself)."""

    moment_id: str
    campaign_id: str
    shopper_id: str
    place_id: str | None = None


def reached(
    session: Session, spot: Spot, stage: str, at: datetime, *, only: Sequence[ColumnElement[bool]] = (), **values: Any
) -> bool:
    """Note that `stage` was reached at `at`; False if it was before, or if a condition of `only` does not hold."""
    fresh = {
        "moment_id": spot.moment_id, "campaign_id": spot.campaign_id, "shopper_id": spot.shopper_id, "place_id": spot.place_id,
        "noted_at": at, "revenue_minor": 0, "revenue_currency": "", "discount_minor": 0, "discount_currency": "",
    }  # fmt: skip
    insert_new(session, FunnelRow, fresh, unique=["moment_id", "campaign_id"])
    column = getattr(FunnelRow, f"{stage}_at")
    return moved(session, update(FunnelRow).where(*_row(spot), column.is_(None), *only).values({column: at, **values}))


@dataclass(frozen=True, slots=True)
class Step:
    """A stage that was reached."""

    spot: Spot
    stage: str
    at: datetime


def reached_all(session: Session, steps: Sequence[Step]) -> None:
    """`reached` for each of them, in one statement for the rows and one a stage: moments come by the hundred."""
    if not steps:
        return
    session.flush()
    fresh = [(step.spot.moment_id, step.spot.campaign_id, step.spot.shopper_id, step.spot.place_id, step.at, 0, "", 0, "") for step in steps]
    insert_many(session, FunnelRow, _FRESH, fresh, unique=("moment_id", "campaign_id"))
    for stage in dict.fromkeys(step.stage for step in steps):
        rows = [{"moment": step.spot.moment_id, "campaign": step.spot.campaign_id, "at": step.at} for step in steps if step.stage == stage]
        connection_of(session).execute(_REACHED[stage], rows)


_FRESH = ("moment_id", "campaign_id", "shopper_id", "place_id", "noted_at", "revenue_minor", "revenue_currency", "discount_minor", "discount_currency")
_TABLE = cast("Table", FunnelRow.__table__)
_REACHED = {
    stage: update(_TABLE)
    .where(_TABLE.c.moment_id == bindparam("moment"), _TABLE.c.campaign_id == bindparam("campaign"), _TABLE.c[f"{stage}_at"].is_(None))
    .values({_TABLE.c[f"{stage}_at"]: bindparam("at")})
    for stage in STAGES
}


def redeemed(session: Session, spot: Spot, at: datetime, *, discount_minor: int, currency: str) -> bool:
    """Counted unless a release that came later in time was heard of first."""
    not_undone = or_(FunnelRow.released_at.is_(None), FunnelRow.released_at < at)
    if not reached(
        session, spot, "redeemed", at, only=(not_undone,), discount_minor=discount_minor, discount_currency=currency
    ):
        return False
    _add(session, spot.campaign_id, currency, redemptions=1, discount_minor=discount_minor)
    return True


def released(session: Session, spot: Spot, at: datetime) -> bool:
    """A reservation or redemption was given back; takes a redemption out again. False if there was none to take out."""
    reached(session, spot, "released", at)
    session.execute(
        update(FunnelRow)
        .where(*_row(spot), FunnelRow.released_at < at)
        .values(released_at=at)
        .execution_options(synchronize_session=False)
    )
    row = session.execute(select(FunnelRow.discount_minor, FunnelRow.discount_currency).where(*_row(spot))).one()
    undone = update(FunnelRow).where(*_row(spot), FunnelRow.redeemed_at <= at)
    if not moved(session, undone.values(redeemed_at=None, discount_minor=0, discount_currency="")):
        return False
    _add(session, spot.campaign_id, row.discount_currency, redemptions=-1, discount_minor=-row.discount_minor)
    return True


def ordered(session: Session, spot: Spot, at: datetime, *, total_minor: int, currency: str) -> bool:
    if not reached(session, spot, "ordered", at, revenue_minor=total_minor, revenue_currency=currency):
        return False
    _add(session, spot.campaign_id, currency, orders=1, revenue_minor=total_minor)
    row = session.execute(select(FunnelRow.refunded_at).where(*_row(spot))).one()
    if row.refunded_at is not None:  # the refund was heard of first
        _add(session, spot.campaign_id, currency, orders=-1, revenue_minor=-total_minor)
    return True


def refunded(session: Session, spot: Spot, at: datetime) -> bool:
    """The money went back: the order was placed all the same, but adds nothing."""
    if not reached(session, spot, "refunded", at):
        return False
    row = session.execute(
        select(FunnelRow.ordered_at, FunnelRow.revenue_minor, FunnelRow.revenue_currency).where(*_row(spot))
    ).one()
    if row.ordered_at is None:
        return False
    _add(session, spot.campaign_id, row.revenue_currency, orders=-1, revenue_minor=-row.revenue_minor)
    return True


def forget_moment(session: Session, moment_id: str) -> int:
    """A moment that never was is not counted as detected. What followed from it stays: the coupon was really given."""
    gone = (
        delete(FunnelRow)
        .where(FunnelRow.moment_id == moment_id, FunnelRow.campaign_id == "")
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", session.execute(gone)).rowcount


def _row(spot: Spot) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FunnelRow.moment_id == spot.moment_id, FunnelRow.campaign_id == spot.campaign_id


def _add(session: Session, campaign_id: str, currency: str, **amounts: int) -> None:
    nothing = {
        "campaign_id": campaign_id,
        "currency": currency,
        "orders": 0,
        "revenue_minor": 0,
        "redemptions": 0,
        "discount_minor": 0,
    }
    insert_new(session, CampaignTotal, nothing, unique=["campaign_id", "currency"])
    line = update(CampaignTotal).where(CampaignTotal.campaign_id == campaign_id, CampaignTotal.currency == currency)
    if not moved(session, line.values({name: getattr(CampaignTotal, name) + by for name, by in amounts.items()})):
        raise LookupError("a campaign's total vanished between insert and update")

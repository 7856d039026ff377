"""How a loyalty programme is written, and the remedy for each wrong field.

Owns the document there and back. Must not know what anybody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from app.kernel.documents import held, path_of
from storefront.loyalty.programme import (
    Card,
    Challenge,
    Every,
    Exchange,
    Gift,
    GiftKind,
    Goal,
    Level,
    Points,
    Programme,
    Scope,
    Tiers,
)

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Minor = Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
Count = Annotated[int, Field(strict=True, ge=1, le=1000)]
Named = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=60)]], Field(max_length=50)]
LONGEST_DAYS = 730
"""What was counted is kept as long as a programme may ask for (docs/algorithms/loyalty.md)."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GiftIn(_In):
    """One of: `points`, `credit_minor` with its currency, `free_piece_up_to_minor` with its currency."""

    points: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    credit_minor: Minor | None = None
    free_piece_up_to_minor: Minor | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _one(self) -> GiftIn:
        money = self.credit_minor or self.free_piece_up_to_minor
        if sum(one is not None for one in (self.points, self.credit_minor, self.free_piece_up_to_minor)) != 1:
            raise ValueError("name one of points, credit_minor, free_piece_up_to_minor")
        if (money is not None) != (self.currency is not None):
            raise ValueError("money needs its currency, and points have none")
        return self

    def gift(self) -> Gift:
        if self.points is not None:
            return Gift(GiftKind.POINTS, points=self.points)
        kind = GiftKind.CREDIT if self.credit_minor is not None else GiftKind.FREE_PIECE
        return Gift(kind, amount_minor=self.credit_minor or self.free_piece_up_to_minor or 0, currency=self.currency or "")


class ExchangeIn(_In):
    points: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    credit_minor: Minor
    currency: Currency


class PointsIn(_In):
    per_visit: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    visit_days_per_month: Annotated[int, Field(strict=True, ge=0, le=31)] = 0
    last_days: Annotated[int, Field(strict=True, ge=30, le=3650)] | None = None
    lapse_from: date | None = None
    exchange: ExchangeIn | None = None

    @model_validator(mode="after")
    def _together(self) -> PointsIn:
        if bool(self.per_visit) != bool(self.visit_days_per_month):
            raise ValueError("per_visit and visit_days_per_month go together: say how many days a month earn points")
        if (self.last_days is None) != (self.lapse_from is None):
            raise ValueError("last_days and lapse_from go together: say from which day on points may lapse")
        return self


class LevelIn(_In):
    name: Name
    least: Annotated[int, Field(strict=True, ge=1, le=100_000_000, alias="from")]
    multiplier: Annotated[float, Field(ge=1, le=10)] = 1.0
    free_delivery: bool = False


class TiersIn(_In):
    measure: Literal["spend", "points"]
    currency: Currency | None = None
    window_days: Annotated[int, Field(strict=True, ge=1, le=LONGEST_DAYS // 2)]
    kept_days: Annotated[int, Field(strict=True, ge=0, le=LONGEST_DAYS // 2)] = 0
    levels: Annotated[dict[Id, LevelIn], Field(min_length=1, max_length=6)]

    @model_validator(mode="after")
    def _rising(self) -> TiersIn:
        if (self.measure == "spend") != (self.currency is not None):
            raise ValueError("spend is measured in a currency, points in none")
        least = [one.least for one in self.levels.values()]
        if least != sorted(set(least)):
            raise ValueError("levels stand from the lowest `from` to the highest, each with another")
        return self


class _Dated(_In):
    name: Name
    gift: GiftIn
    starts_on: date
    ends_on: date
    products: Named = []
    categories: Named = []

    @model_validator(mode="after")
    def _in_order(self) -> _Dated:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on is the last day; it cannot be before starts_on")
        if (self.ends_on - self.starts_on).days >= LONGEST_DAYS:
            raise ValueError(f"at most {LONGEST_DAYS} days from starts_on to ends_on: longer nothing is kept; go on under another id")
        return self


class CardIn(_Dated):
    visits: bool = False
    needs: Annotated[int, Field(strict=True, ge=2, le=100)]
    most: Count | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> CardIn:
        if self.visits and (self.products or self.categories):
            raise ValueError("a card counts visits or pieces, not both")
        if self.visits and self.gift.free_piece_up_to_minor is not None:
            raise ValueError("a free piece is the cheapest of those bought; on a card for visits give points or credit_minor")
        return self


class ChallengeIn(_Dated):
    goal: Goal
    count: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    every: Every
    in_a_row: Annotated[int, Field(strict=True, ge=1, le=52)] = 1
    most: Count
    currency: Currency | None = None

    @model_validator(mode="after")
    def _fits(self) -> ChallengeIn:
        if self.gift.free_piece_up_to_minor is not None:
            raise ValueError("give points or credit_minor; a free piece belongs to a card")
        if (self.goal is Goal.SPEND) != (self.currency is not None):
            raise ValueError("the goal spend needs its currency, and no other has one")
        if (self.products or self.categories) and self.goal not in (Goal.PIECES, Goal.SPEND):
            raise ValueError("products and categories belong to the goals pieces and spend")
        if self.every is Every.ONCE and (self.in_a_row, self.most) != (1, 1):
            raise ValueError("what is once cannot be in a row or more than once; say in_a_row: 1 and most: 1")
        return self


class ProgrammeIn(_In):
    name: Name
    timezone: str
    chains: Named = []
    points: PointsIn = PointsIn()
    tiers: TiersIn | None = None
    cards: Annotated[dict[Id, CardIn], Field(max_length=20)] = {}
    challenges: Annotated[dict[Id, ChallengeIn], Field(max_length=20)] = {}

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("a time zone such as Europe/Helsinki")
        return ZoneInfo(value).key


def checked(document: object) -> Programme:
    """Raises Invalid naming every wrong field with its remedy."""
    return _programme(held(ProgrammeIn, document, lambda place: path_of((part for part in place if part != "[key]"), under="loyalty")))


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _programme(p: ProgrammeIn) -> Programme:
    exchange = Exchange(**p.points.exchange.model_dump()) if p.points.exchange else None
    points = Points(p.points.per_visit, p.points.visit_days_per_month, p.points.last_days, _day(p.points.lapse_from), exchange)
    tiers = None
    if p.tiers is not None:
        levels = tuple(Level(key, one.name, one.least, round(one.multiplier * 10_000), one.free_delivery) for key, one in p.tiers.levels.items())
        tiers = Tiers(p.tiers.measure, p.tiers.currency or "", p.tiers.window_days, p.tiers.kept_days, levels)
    cards = tuple(
        Card(key, c.name, Scope(c.visits, tuple(c.products), tuple(c.categories)), c.needs, c.gift.gift(), c.starts_on.isoformat(), c.ends_on.isoformat(), c.most)
        for key, c in p.cards.items()
    )
    challenges = tuple(
        Challenge(
            key, c.name, c.goal, c.count, c.every, c.in_a_row, c.most, c.gift.gift(), c.starts_on.isoformat(), c.ends_on.isoformat(),
            Scope(False, tuple(c.products), tuple(c.categories)), c.currency or "",
        )
        for key, c in p.challenges.items()
    )  # fmt: skip
    return Programme(p.name, p.timezone, points, tiers, cards, challenges, tuple(p.chains))


def document_of(p: Programme) -> dict[str, Any]:
    """The inverse of `checked`, without what is not said."""
    out: dict[str, Any] = {"name": p.name, "timezone": p.timezone, **_said(chains=list(p.chains))}
    points = _said(
        per_visit=p.points.per_visit, visit_days_per_month=p.points.visit_days_per_month, last_days=p.points.last_days, lapse_from=p.points.lapse_from,
        exchange={"points": p.points.exchange.points, "credit_minor": p.points.exchange.credit_minor, "currency": p.points.exchange.currency} if p.points.exchange else None,
    )  # fmt: skip
    out |= {"points": points} if points else {}
    if p.tiers:
        levels = {one.id: {"name": one.name, "from": one.least, "multiplier": one.points_bp / 10_000, "free_delivery": one.free_delivery} for one in p.tiers.levels}
        out["tiers"] = {**_said(measure=p.tiers.measure, currency=p.tiers.currency), "window_days": p.tiers.window_days, "kept_days": p.tiers.kept_days, "levels": levels}
    if p.cards:
        out["cards"] = {c.id: {"name": c.name, **_scope(c.scope), **_said(needs=c.needs, most=c.most, starts_on=c.starts_on, ends_on=c.ends_on), "gift": _gift(c.gift)} for c in p.cards}
    if p.challenges:
        out["challenges"] = {
            c.id: {
                "name": c.name, "goal": c.goal.value, **_said(count=c.count, currency=c.currency), "every": c.every.value, "in_a_row": c.in_a_row, "most": c.most,
                **_scope(c.scope), **_said(starts_on=c.starts_on, ends_on=c.ends_on), "gift": _gift(c.gift),
            }
            for c in p.challenges
        }  # fmt: skip
    return out


def _said(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _scope(scope: Scope) -> Mapping[str, Any]:
    return _said(visits=scope.visits, products=list(scope.products), categories=list(scope.categories))


def _gift(gift: Gift) -> dict[str, Any]:
    if gift.kind is GiftKind.POINTS:
        return {"points": gift.points}
    amount = "credit_minor" if gift.kind is GiftKind.CREDIT else "free_piece_up_to_minor"
    return {amount: gift.amount_minor, "currency": gift.currency}

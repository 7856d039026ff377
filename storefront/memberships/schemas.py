"""How plans are written, and the remedy for each wrong field.

Owns the document there and back. Must not know who is a member.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.documents import held, path_of
from storefront.memberships.plan import ONE_BP, Benefits, Every, Plan, Plans

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Minor = Annotated[int, Field(strict=True, ge=50, le=1_000_000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BenefitsIn(_In):
    free_delivery: bool = False
    off_percent: Annotated[float, Field(ge=0, le=50)] = 0
    multiplier: Annotated[float, Field(ge=1, le=10)] = 1
    early_access: bool = False

    @model_validator(mode="after")
    def _exact(self) -> BenefitsIn:
        if round(self.off_percent * 100) != self.off_percent * 100:
            raise ValueError("off_percent has two digits after the point at most")
        return self


class PlanIn(_In):
    name: Name
    every: Every
    prices: Annotated[dict[Currency, Minor], Field(min_length=1, max_length=20)]
    trial_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 0
    open: bool = True
    benefits: BenefitsIn

    @model_validator(mode="after")
    def _something(self) -> PlanIn:
        if self.benefits == BenefitsIn():
            raise ValueError("a membership that unlocks nothing is none: name a benefit")
        return self


class PlansIn(_In):
    grace_days: Annotated[int, Field(strict=True, ge=0, le=30)] = 7
    plans: Annotated[dict[Id, PlanIn], Field(max_length=12)] = {}


def checked(document: object) -> Plans:
    """Raises Invalid naming every wrong field with its remedy."""
    given = held(PlansIn, document, lambda place: path_of((part for part in place if part != "[key]"), under="memberships"))
    return Plans(tuple(_plan(key, one) for key, one in given.plans.items()), given.grace_days)


def _plan(key: str, p: PlanIn) -> Plan:
    b = p.benefits
    benefits = Benefits(b.free_delivery, round(b.off_percent * 100), round(b.multiplier * ONE_BP), b.early_access)
    return Plan(key, p.name, p.every, dict(p.prices), p.trial_days, p.open, benefits)


def document_of(plans: Plans) -> dict[str, Any]:
    """The inverse of `checked`, without what is not said."""
    return {"grace_days": plans.grace_days, "plans": {p.id: _document(p) for p in plans.plans}}


def _document(p: Plan) -> dict[str, Any]:
    b = p.benefits
    said: dict[str, Any] = {
        "free_delivery": b.free_delivery, "off_percent": b.off_bp / 100 if b.off_bp % 100 else b.off_bp // 100,
        "multiplier": b.points_bp / ONE_BP if b.points_bp != ONE_BP else 0, "early_access": b.early_access,
    }  # fmt: skip
    out: dict[str, Any] = {"name": p.name, "every": p.every.value, "prices": dict(p.prices)}
    out |= {"trial_days": p.trial_days} if p.trial_days else {}
    out |= {} if p.open else {"open": False}
    return out | {"benefits": {name: value for name, value in said.items() if value}}

"""How the terms with partners are written, and the remedy for each wrong field.

Owns the document there and back. Must not know what was sold.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.documents import held, path_of
from storefront.revenue.partners import Partner, Terms
from storefront.revenue.placements import PaidBy, Placement, Slot

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Named = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=80)]], Field(max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PartnerIn(_In):
    name: Name
    commission_percent: Annotated[float, Field(ge=0, le=90)] = 0
    products: Named = []
    categories: Named = []

    @model_validator(mode="after")
    def _exact(self) -> PartnerIn:
        if round(self.commission_percent * 100) != self.commission_percent * 100:
            raise ValueError("commission_percent has two digits after the point at most")
        if self.commission_percent and not (self.products or self.categories):
            raise ValueError("a commission is on something: name products or categories")
        return self


class PlacementIn(_In):
    partner: Id
    product: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    shown_in: Annotated[list[Slot], Field(min_length=1, max_length=3)]
    categories: Named = []
    words: Annotated[list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=40)]], Field(max_length=50)] = []
    paid_by: PaidBy
    price_minor: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    budget_minor: Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
    starts_on: date
    ends_on: date
    most_per_day: Annotated[int, Field(strict=True, ge=1, le=24)] = 3

    @model_validator(mode="after")
    def _whole(self) -> PlacementIn:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on is the last day; it cannot be before starts_on")
        if (Slot.SEARCH in self.shown_in) != bool(self.words):
            raise ValueError("words and shown_in: search go together: say what is searched for")
        if self.price_minor > self.budget_minor:
            raise ValueError("budget_minor does not pay for one")
        return self


class TermsIn(_In):
    partners: Annotated[dict[Id, PartnerIn], Field(max_length=200)] = {}
    placements: Annotated[dict[Id, PlacementIn], Field(max_length=200)] = {}

    @model_validator(mode="after")
    def _each_ones(self) -> TermsIn:
        for what in ("products", "categories"):
            twice = [name for name, count in Counter(name for one in self.partners.values() for name in getattr(one, what)).items() if count > 1]
            if twice:
                raise ValueError(f"{', '.join(twice)} stands twice among the {what} of partners: it is one partner's")
        strangers = [key for key, one in self.placements.items() if one.partner not in self.partners]
        if strangers:
            raise ValueError(f"the partner of {', '.join(strangers)} is none of partners")
        return self


def checked(document: object) -> Terms:
    """Raises Invalid naming every wrong field with its remedy."""
    given = held(TermsIn, document, lambda place: path_of((part for part in place if part != "[key]"), under="revenue"))
    return Terms(tuple(_partner(key, one) for key, one in given.partners.items()), tuple(_placement(key, one) for key, one in given.placements.items()))


def _partner(key: str, p: PartnerIn) -> Partner:
    return Partner(key, p.name, round(p.commission_percent * 100), tuple(p.products), tuple(p.categories))


def _placement(key: str, p: PlacementIn) -> Placement:
    return Placement(
        key, p.partner, p.product, tuple(p.shown_in), p.paid_by, p.price_minor, p.currency, p.budget_minor, p.starts_on, p.ends_on, tuple(p.categories), tuple(p.words),
        p.most_per_day,
    )  # fmt: skip


def document_of(terms: Terms) -> dict[str, Any]:
    """The inverse of `checked`, without what is not said."""
    placements = {one.id: _placed(one) for one in terms.placements}
    return {"partners": {one.id: _document(one) for one in terms.partners}} | ({"placements": placements} if placements else {})


def _placed(p: Placement) -> dict[str, Any]:
    said = {"categories": list(p.categories), "words": list(p.words)}
    return (
        {"partner": p.partner_id, "product": p.product_id, "shown_in": [slot.value for slot in p.slots]} | {name: value for name, value in said.items() if value}
        | {"paid_by": p.paid_by.value, "price_minor": p.price_minor, "currency": p.currency, "budget_minor": p.budget_minor}
        | {"starts_on": p.starts_on.isoformat(), "ends_on": p.ends_on.isoformat(), "most_per_day": p.most_per_day}
    )


def _document(p: Partner) -> dict[str, Any]:
    percent = p.rate_bp / 100 if p.rate_bp % 100 else p.rate_bp // 100
    said = {"commission_percent": percent, "products": list(p.products), "categories": list(p.categories)}
    return {"name": p.name} | {name: value for name, value in said.items() if value}

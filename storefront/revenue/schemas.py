"""How the terms with partners are written, and the remedy for each wrong field.

Owns the document there and back. Must not know what was sold.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.documents import held, path_of
from storefront.revenue.partners import Partner, Terms

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


class TermsIn(_In):
    partners: Annotated[dict[Id, PartnerIn], Field(max_length=200)] = {}

    @model_validator(mode="after")
    def _each_ones(self) -> TermsIn:
        for what in ("products", "categories"):
            twice = [name for name, count in Counter(name for one in self.partners.values() for name in getattr(one, what)).items() if count > 1]
            if twice:
                raise ValueError(f"{', '.join(twice)} stands twice among the {what} of partners: it is one partner's")
        return self


def checked(document: object) -> Terms:
    """Raises Invalid naming every wrong field with its remedy."""
    given = held(TermsIn, document, lambda place: path_of((part for part in place if part != "[key]"), under="revenue"))
    return Terms(tuple(_partner(key, one) for key, one in given.partners.items()))


def _partner(key: str, p: PartnerIn) -> Partner:
    return Partner(key, p.name, round(p.commission_percent * 100), tuple(p.products), tuple(p.categories))


def document_of(terms: Terms) -> dict[str, Any]:
    """The inverse of `checked`, without what is not said."""
    return {"partners": {one.id: _document(one) for one in terms.partners}}


def _document(p: Partner) -> dict[str, Any]:
    percent = p.rate_bp / 100 if p.rate_bp % 100 else p.rate_bp // 100
    said = {"commission_percent": percent, "products": list(p.products), "categories": list(p.categories)}
    return {"name": p.name} | {name: value for name, value in said.items() if value}

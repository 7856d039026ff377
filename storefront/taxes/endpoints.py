"""The routes by which staff see and set rates of tax and the classes of categories."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.taxes import repository
from storefront.taxes.rates import Rate
from storefront.taxes.schemas import ClassIn, RateIn

router = APIRouter(tags=["taxes"])

Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Keeper = Annotated[Principal, Depends(allow(Role.OPERATOR))]


@router.get("/v1/taxes/rates")
def rates(_caller: Staff, call: Reading, country: Annotated[str, Query(pattern=r"^[A-Z]{2}$")]) -> Response:
    """The rates of a country, recorded and set, each with its source."""
    return call.run(lambda session: {"rates": repository.rates_of(session, country)})


@router.post("/v1/taxes/rates")
def set_rate(body: RateIn, _caller: Keeper, call: Command) -> Response:
    """A rate from a day on, beside those recorded or instead. Orders that were placed keep the tax they were charged."""
    rate = Rate(body.country, body.region, body.tax_class, body.valid_from, body.rate_bp, body.source)

    def work(session: Session) -> Rate:
        repository.keep_rate(session, rate, at=call.clock.now())
        return rate

    return call.run(work)


@router.get("/v1/taxes/classes")
def classes(_caller: Staff, call: Reading) -> Response:
    """Which class the products of each category have; the others are standard."""
    return call.run(lambda session: {"classes": repository.classes(session)})


@router.put("/v1/taxes/classes/{category}")
def set_class(category: Annotated[str, Path(min_length=1, max_length=80)], body: ClassIn, _caller: Staff, call: Command) -> Response:
    """The class of a category's products, for orders from now on."""

    def work(session: Session) -> dict[str, str]:
        repository.keep_class(session, category, body.tax_class, at=call.clock.now())
        return {"category": category, "tax_class": body.tax_class}

    return call.run(work)

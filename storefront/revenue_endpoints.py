"""The routes of revenue: for staff the terms with partners, a month's statements, and closing it; for shoppers what is sponsored where they look."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.payments.shop import Shop
from storefront.revenue import books, planning, showing, statements
from storefront.revenue.placements import Slot

router = APIRouter(tags=["revenue"])

Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
PlacementId = Annotated[str, Path(max_length=30)]
Period = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$", description="A month; this one unless named.")]
PartnerId = Annotated[str | None, Query(min_length=1, max_length=30)]
StatementId = Annotated[str, Path(max_length=40)]


class PeriodIn(BaseModel):
    """A month that is over, as the shop's clock has it."""

    model_config = ConfigDict(extra="forbid")

    period: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]


class PlaceIn(BaseModel):
    """What you look at: the `category` that is listed, the words (`q`) that were searched for, or the product whose page it is."""

    model_config = ConfigDict(extra="forbid")

    slot: Slot
    category: Annotated[str, StringConstraints(max_length=80)] = ""
    q: Annotated[str, StringConstraints(max_length=200)] = ""
    product_id: Annotated[str, StringConstraints(max_length=80)] = ""
    language: Annotated[str, StringConstraints(max_length=35)] = "en"


@router.get("/v1/revenue/terms")
def terms(_caller: Staff, call: Reading) -> Response:
    """What is agreed with partners as YAML, as `moments revenue export` writes it."""
    with call.database.reading() as session:
        return Response(planning.export(session), media_type="application/yaml")


@router.get("/v1/revenue/statements")
def month(_caller: Staff, call: Reading, period: Period = None, partner_id: PartnerId = None) -> Response:
    """What each partner owes for a month, line by line: closed as it was closed, else as it stands now. `drift` says what does not agree in the books (nothing)."""
    shop: Shop = call.app.shop
    timezone = shop.settings.merchant.timezone

    def work(session: Session) -> dict[str, object]:
        of = period or statements.month_of(call.clock.now(), timezone)
        found = statements.statements(session, of, timezone, partner_id=partner_id, lines=True)
        return {"period": of, "statements": found, "books_minor": books.sums(session), "drift": books.drift(session)}

    return call.run(work)


@router.get("/v1/revenue/statements.csv")
def month_as_table(_caller: Staff, call: Reading, period: Period = None, partner_id: PartnerId = None) -> Response:
    """The same as a table, a row for each booking."""
    shop: Shop = call.app.shop
    timezone = shop.settings.merchant.timezone
    with call.database.reading() as session:
        of = period or statements.month_of(call.clock.now(), timezone)
        told = statements.to_csv(statements.statements(session, of, timezone, partner_id=partner_id, lines=True))
    return Response(told, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="statements-{of}.csv"'})


@router.get("/v1/revenue/statements/{statement_id}")
def statement(statement_id: StatementId, _caller: Staff, call: Reading) -> Response:
    """One closed statement; `unaltered`: its lines have the hash they were closed with."""
    return call.run(lambda session: {"statement": statements.statement(session, statement_id), "unaltered": statements.unaltered(session, statement_id)})


@router.post("/v1/revenue/statements")
def close_month(body: PeriodIn, caller: Operator, call: Command) -> Response:
    """Close a month for every partner; what is closed already stays as it is, and what is booked later stands in the next."""
    shop: Shop = call.app.shop
    return call.run(
        lambda session: {"statements": statements.close(session, body.period, shop.settings.merchant.timezone, by=caller.id, at=call.clock.now())}
    )


@router.post("/v1/placements/show")
def show(body: PlaceIn, caller: Shopper, call: Command) -> Response:
    """The one sponsored product that stands there, to be shown with its `label` and `why`; most often null. Counted once an hour. Chosen by the place alone, and by
    nothing of yours; who has said no to *Offers that fit* is shown none."""
    shop: Shop = call.app.shop

    def work(session: Session) -> dict[str, object]:
        place = showing.where(session, body.slot, category=body.category, query=body.q, product_id=body.product_id)
        found = showing.show(session, caller.id, place, language=body.language, at=call.clock.now(), timezone=shop.settings.merchant.timezone)
        return {"sponsored": found}

    return call.run(work)


@router.post("/v1/placements/{placement_id}/open")
def open_one(placement_id: PlacementId, caller: Shopper, call: Command) -> Response:
    """You open what you were shown: the id of its product."""
    shop: Shop = call.app.shop
    return call.run(lambda session: {"product_id": showing.open_one(session, caller.id, placement_id, at=call.clock.now(), timezone=shop.settings.merchant.timezone)})

"""The routes that hand out receipts and credit notes: her own, and everybody's to staff."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from storefront.orders.endpoints import owner
from storefront.orders.repository import owned
from storefront.papers import repository
from storefront.papers.issuing import issue_of
from storefront.papers.pdf import pdf_of
from storefront.papers.sheet import sheet_of

router = APIRouter(tags=["orders"])

Reader = Annotated[Principal, Depends(allow(Role.SHOPPER, Role.MARKETER, Role.OPERATOR))]
OrderId = Annotated[str, Path(max_length=80)]
Number = Annotated[str, Path(max_length=30)]
Language = Annotated[str, Query(max_length=35, description="en, fi or sv; another is answered in English.")]


@router.get("/v1/orders/{order_id}/papers")
def papers(order_id: OrderId, caller: Reader, call: Reading) -> Response:
    """The order's receipt, and a credit note for each part of its money that went back."""
    with call.database.reading() as session:
        owned(session, order_id, owner(caller))
    issue_of(call.app.shop, order_id)
    return call.run(lambda session: {"papers": repository.papers_of(session, order_id)})


@router.get("/v1/orders/{order_id}/papers/{number}")
def paper(order_id: OrderId, number: Number, caller: Reader, call: Reading) -> Response:
    """One of them, as it was issued: lines, discounts, taxes by rate, merchant, payments. It never changes; `sha256` is its hash."""

    def work(session: Session) -> dict[str, object]:
        owned(session, order_id, owner(caller))
        found = repository.paper(session, order_id, number)
        return {"paper": found.view, "content": found.content}

    return call.run(work)


@router.get("/v1/orders/{order_id}/papers/{number}/pdf")
def paper_pdf(order_id: OrderId, number: Number, caller: Reader, call: Reading, language: Language = "en") -> Response:
    """The same as a PDF, in a language."""
    with call.database.reading() as session:
        owned(session, order_id, owner(caller))
        found = repository.paper(session, order_id, number)
    return pdf_answer(found, language)


def pdf_answer(found: repository.Paper, language: str) -> Response:
    """The file, to be saved under its number."""
    body = pdf_of(sheet_of(found.content, found.view.sha256, language))
    headers = {"Content-Disposition": f'inline; filename="{found.view.number}.pdf"', "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type="application/pdf", headers=headers)

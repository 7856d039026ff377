"""The routes of disputes: what banks have taken back or ask about, and what the shop can show them. For operators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.audit import journal
from storefront.disputes import repository
from storefront.evidence import packet
from storefront.orders.repository import owned

router = APIRouter(tags=["disputes"])

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
DisputeId = Annotated[str, Path(max_length=80)]


@router.get("/v1/disputes")
def disputes(_caller: Operator, call: Reading, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """What waits for our word first, the nearest deadline first; then the newest. With the sums that are withheld and lost."""
    return call.run(lambda session: {"disputes": repository.disputes(session, limit=limit), "sums_minor": repository.sums(session)})


@router.post("/v1/disputes/{dispute_id}/evidence")
def evidence(dispute_id: DisputeId, caller: Operator, call: Command) -> Response:
    """The packet for the bank: order, receipts, how it was handed over, and when she was in the store if she agrees to that. That it was taken out is
    noted, with the dispute and in the audit log."""

    def work(session: Session) -> object:
        at = call.clock.now()
        found = packet(session, dispute_id, at=at)
        repository.note_evidence(session, dispute_id, at=at)
        journal.note(session, "looked_at.dispute", by=caller, about=owned(session, found["order"]["id"], None).shopper_id, detail={"of": dispute_id}, at=at)
        return found

    response = call.run(work)
    response.headers["Cache-Control"] = "no-store"
    return response

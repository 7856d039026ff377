"""Disputes as operators see them: what waits for an answer and until when, and everything that can be shown to the bank, to read, print and save.

Owns these pages. Must not decide or word what follows: the storefront says it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.audit import journal
from app.web import rendering
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_]+$")]


@router.get("/console/disputes")
def disputes(request: Request, _caller: Operator, call: Reading) -> Response:
    """Those that wait first."""
    with call.database.reading() as session:
        context = {"here": "orders", "disputes": storefront.disputes(session), "sums": storefront.dispute_sums(session), "now": call.clock.now()}
    return rendering.page(request, "console/disputes.html", context)


@router.get("/console/disputes/{dispute_id}")
def dispute(request: Request, dispute_id: Id, caller: Operator, call: Reading) -> Response:
    """One of them, with the packet as it is now."""
    with call.database.reading() as session:
        found = _packet(session, dispute_id, caller, call)
    return rendering.page(request, "console/dispute.html", {"here": "orders", "packet": found})


@router.post("/console/disputes/{dispute_id}/evidence")
def evidence(dispute_id: Id, caller: Operator, call: Command) -> Response:
    """The same as a file; that it was taken out is noted."""
    with call.database.transaction() as session:
        found = _packet(session, dispute_id, caller, call)
        storefront.note_dispute_evidence(session, dispute_id, at=call.clock.now())
    text = json.dumps(found, ensure_ascii=False, indent=2, default=lambda at: at.isoformat())
    headers = {"Content-Disposition": f'attachment; filename="dispute-{dispute_id}.json"', "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, media_type="application/json", headers=headers)


def _packet(session: Session, dispute_id: str, caller: Principal, call: Any) -> dict[str, Any]:
    at = call.clock.now()
    found = storefront.dispute_packet(session, dispute_id, at=at)
    order = storefront.order(session, found["order"]["id"])
    journal.looked_at(session, "dispute", by=caller, about=order.order.shopper_id if order else None, of=dispute_id, at=at)
    return found

"""A month with partners as the house reads it: what each owes, how it came to be, and the file to change the terms with; closed by operators.

Owns this page. Must not reckon: the storefront does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Period = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$")]
WHY = {"paid": "sold", "pieces_returned": "given back", "refunded": "refunded", "disputed": "lost to a bank", "viewed": "seen", "clicked": "opened"}


@router.get("/console/revenue")
def revenue(request: Request, caller: Staff, call: Reading, period: Period = None) -> Response:
    """This month, unless another is named."""
    settings = call.app.settings.storefront
    with call.database.reading() as session:
        found = storefront.revenue.month(session, settings, period, lines=True, at=call.clock.now())
        file = storefront.revenue.export(session)
    begins, ends = storefront.revenue.bounds(found.period, settings.merchant.timezone)
    context = {
        "here": "orders", "found": found, "begins": begins, "before": f"{begins - timedelta(days=1):%Y-%m}", "after": f"{ends:%Y-%m}", "why": WHY, "file": file,
        "may_close": found.over and caller.kind is Role.OPERATOR and any(one.closed_at is None for one in found.statements),
    }  # fmt: skip
    return rendering.page(request, "console/revenue.html", context)


@router.post("/console/revenue/close")
def close(request: Request, caller: Operator, call: Command, form: Fields) -> Response:
    """Close a month that is over."""
    period = form.text("period", most=7)

    def work(session: Session) -> dict[str, int]:
        return {"closed": len(storefront.revenue.close(session, call.app.settings.storefront, period, by=caller.id, at=call.clock.now()))}

    call.run(work)
    return go_to(request, f"/console/revenue?period={period}")

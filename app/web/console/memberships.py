"""Memberships as the house sees them: how many stand how, of which plan, which payments are open, and the file to change the plans with.

Owns reading it and choosing the template. Must not show who a member is, nor change anything: plans are a file (`moments memberships apply`), and each step of a membership is its member's.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
STATES = {
    "trialing": "on trial", "active": "active", "past_due": "tried again", "unpaid": "not paid", "paused": "resting", "incomplete": "first payment waits", "starting": "beginning", "ended": "over",
}  # fmt: skip


@router.get("/console/memberships")
def memberships(request: Request, _caller: Staff, call: Reading) -> Response:
    """What is in force, and who has it, by number."""
    with call.database.reading() as session:
        plans = storefront.membership_plans(session)
        context = {
            "here": "loyalty", "plans": plans, "names": {one.id: one.name for one in plans}, "figures": storefront.membership_figures(session),
            "unpaid": storefront.unpaid_memberships(session, at=call.clock.now()), "states": STATES, "file": storefront.export_memberships(session),
        }  # fmt: skip
    return rendering.page(request, "console/memberships.html", context)

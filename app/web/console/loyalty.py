"""The loyalty programme as the house reads it: its rules in the words shoppers see, what was given, and the file to change it with.

Owns reading it and choosing the template. Must not change it: a programme is a file (`moments loyalty apply`).
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


@router.get("/console/loyalty")
def loyalty(request: Request, _caller: Staff, call: Reading) -> Response:
    """What is in force."""
    with call.database.reading() as session:
        name, rules = storefront.loyalty_rules(session)
        context = {"here": "loyalty", "name": name, "rules": rules, "given": storefront.loyalty_figures(session), "file": storefront.export_loyalty(session)}
    return rendering.page(request, "console/loyalty.html", context)

"""The route of use: a signed report for whoever bills."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from notifications.metering import reporting

router = APIRouter(tags=["usage"])

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]


@router.get("/v1/usage")
def usage(_caller: Operator, call: Reading, first: Annotated[date | None, Query()] = None, last: Annotated[date | None, Query()] = None) -> Response:
    """What was used by the day (UTC), the last thirty unless named: numbers of moments, coupons redeemed, messages and orders paid, of nobody. Hashed and signed (Ed25519);
    `complete`: every day is closed, and nothing of it changes any more. All zeros where nothing is counted (`MOMENTS_METERING__COUNT`)."""
    until = last or call.clock.now().date()
    return call.run(lambda session: reporting.report(session, first or until - timedelta(days=29), until))

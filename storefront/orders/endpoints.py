"""The routes that show orders. Those that pay, refresh, cancel and refund are in payments/endpoints.py."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from storefront.contracts import OrderDetail
from storefront.orders import repository

router = APIRouter(tags=["orders"])

Reader = Annotated[Principal, Depends(allow(Role.SHOPPER, Role.MARKETER, Role.OPERATOR))]


def owner(caller: Principal) -> str | None:
    """Whose orders the caller may see: a shopper her own, staff everybody's (None)."""
    return caller.id if caller.kind is Role.SHOPPER else None


@router.get("/v1/orders")
def orders(caller: Reader, call: Reading, limit: Annotated[int, Query(ge=1, le=repository.MOST)] = 50) -> Response:
    """Orders, newest first: a shopper's own, or everybody's for staff."""
    return call.run(lambda session: {"orders": repository.orders_of(session, owner(caller), limit=limit)})


@router.get("/v1/orders/{order_id}")
def order(order_id: Annotated[str, Path(max_length=80)], caller: Reader, call: Reading) -> Response:
    """One order with its lines as they were charged."""

    def work(session: Session) -> OrderDetail:
        return repository.detail(session, repository.owned(session, order_id, owner(caller)))

    return call.run(work)

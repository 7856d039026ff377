"""The routes of areas and their times, for those who run the shop. What a shopper may book is in storefront/endpoints.py."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Role, allow
from storefront.delivery import repository
from storefront.delivery.schemas import AreaIn
from storefront.delivery.writing import write_area
from storefront.errors import UnknownArea

router = APIRouter(tags=["delivery"])

readers = Depends(allow(Role.MARKETER, Role.OPERATOR))
writers = Depends(allow(Role.OPERATOR))
AreaId = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


@router.get("/v1/delivery/areas", dependencies=[readers])
def areas(call: Reading) -> Response:
    """Every area as it was written."""
    return call.run(lambda session: {"areas": [{"id": area_id, **document} for area_id, document in repository.documents(session)]})


@router.put("/v1/delivery/areas/{area_id}", dependencies=[writers])
def put_area(area_id: AreaId, body: AreaIn, call: Command) -> Response:
    """Write an area whole: whom it serves and the week's grid. What is booked stays booked, also where fewer fit in from now on."""

    ways = [way.id for way in call.app.shop.settings.delivery]
    return call.run(lambda session: write_area(session, area_id, body, ways=ways, at=call.clock.now()))


@router.delete("/v1/delivery/areas/{area_id}", status_code=204, dependencies=[writers])
def drop_area(area_id: AreaId, call: Command) -> Response:
    """Nothing more is booked there; what is booked stays booked."""

    def work(session: Session) -> None:
        if not repository.drop_area(session, area_id):
            raise UnknownArea

    return call.run(work, status=204)

"""The routes of the catalogue. Anybody may look; staff import."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import ANYONE, Role, allow
from storefront.catalog import repository
from storefront.catalog.importing import CatalogueReport, import_catalogue
from storefront.catalog.schemas import CatalogueIn
from storefront.contracts import ProductView
from storefront.errors import UnknownProduct

router = APIRouter(tags=["shop"])

visitors = Depends(allow(ANYONE))
staff = Depends(allow(Role.MARKETER, Role.OPERATOR, Role.SERVER, scope="catalogue"))


@router.get("/v1/products", dependencies=[visitors])
def products(
    call: Reading,
    q: Annotated[str, Query(max_length=200, description="Beginnings of words; every one must be found.")] = "",
    category: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=repository.MOST)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Search the catalogue; without `q` everything by name. Also lists the categories there are."""

    def work(session: Session) -> dict[str, object]:
        found = repository.search(session, query=q, category=category, limit=limit, offset=offset)
        return {"products": found, "categories": repository.categories(session)}

    return call.run(work)


@router.get("/v1/products/{product_id}", dependencies=[visitors])
def product(product_id: Annotated[str, Path(max_length=80)], call: Reading) -> Response:
    """One product with what is in stock now."""

    def work(session: Session) -> ProductView:
        found = repository.product(session, product_id)
        if found is None:
            raise UnknownProduct
        return found

    return call.run(work)


@router.post("/v1/products/import", dependencies=[staff])
def import_products(body: CatalogueIn, call: Command) -> Response:
    """Bring products in, all or none; a product already there is replaced, others stay. Answers how many."""

    def work(session: Session) -> CatalogueReport:
        return import_catalogue(session, body, default_currency=call.app.shop.settings.currency, at=call.clock.now())

    return call.run(work)

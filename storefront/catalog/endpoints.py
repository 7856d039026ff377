"""The routes of the catalogue. Anybody may look; staff import."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.http import Command, Reading
from app.security.access import ANYONE, Role, allow
from storefront.catalog import categories, details, search, shelves
from storefront.catalog.importing import CatalogueReport, import_catalogue
from storefront.catalog.schemas import CatalogueIn, ShelvesIn
from storefront.contracts import ProductDetail
from storefront.errors import UnknownProduct

router = APIRouter(tags=["shop"])

visitors = Depends(allow(ANYONE))
staff = Depends(allow(Role.MARKETER, Role.OPERATOR, Role.SERVER, scope="catalogue"))
counters = Depends(allow(Role.OPERATOR, Role.SERVER, scope="catalogue"))
MOST_OPTIONS = 5


def asked(
    q: Annotated[str, Query(max_length=200, description="Beginnings of words; every one must be found. A word with a slip is understood.")] = "",
    category: Annotated[str | None, Query(max_length=80, description="It and everything in it.")] = None,
    kind: Annotated[str | None, Query(pattern="^(physical|digital|service)$")] = None,
    in_stock: Annotated[bool, Query(description="Only what can be sent now.")] = False,
    place_id: Annotated[str | None, Query(max_length=40, description="Only what lies in this store now.")] = None,
    option: Annotated[list[str], Query(max_length=MOST_OPTIONS, description="What must be there to choose, as `size:39`.")] = [],  # noqa: B006 - read by FastAPI
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    price_from_minor: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    price_to_minor: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    sort: Annotated[search.Sort, Query()] = "best",
    limit: Annotated[int, Query(ge=1, le=search.MOST)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> search.Asked:
    return search.Asked(q, category or None, kind, in_stock, place_id, _options(option), currency, price_from_minor, price_to_minor, sort, limit, offset)


def _options(said: list[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for index, one in enumerate(said):
        name, colon, value = one.partition(":")
        if not colon or not name or not value or len(one) > 130:
            raise Invalid.field(f"option[{index}]", "say the option and its value with a colon between, as size:39")
        out[name] = value
    return out


@router.get("/v1/products", dependencies=[visitors])
def products(call: Reading, wanted: Annotated[search.Asked, Depends(asked)]) -> Response:
    """Search the catalogue; without `q` everything by name. Products with variants are listed once.

    `found` of `facets` are at most the best 500 (`more` says that there are more). `corrected` says which words were looked for instead of
    one that nobody sells anything by. Also lists the categories there are."""

    def work(session: Session) -> dict[str, Any]:
        found, tree = search.search(session, wanted), categories.parents(session)
        of_all = {name: getattr(found, name) for name in ("found", "more", "facets", "corrected", "price_minor", "currency")}
        page = [replace(item, above=categories.above(item.category, tree)) for item in found.products]
        return {"products": page, **of_all, "categories": categories.on_sale(session, tree)}

    return call.run(work)


@router.get("/v1/products/{product_id}", dependencies=[visitors])
def product(product_id: Annotated[str, Path(max_length=80)], call: Reading) -> Response:
    """One product with what is in stock now, its variants, and what lies in which store."""

    def work(session: Session) -> dict[str, Any]:
        found = details.detail(session, product_id)
        if found is None:
            raise UnknownProduct
        return _said(found, categories.parents(session))

    return call.run(work)


def _said(found: ProductDetail, tree: Mapping[str, str]) -> dict[str, Any]:
    item, *variants = (replace(one, above=categories.above(one.category, tree)) for one in (found.product, *found.variants))
    named = {name: getattr(item, name) for name in item.__dataclass_fields__}
    return named | {"variants": variants, "choices": found.choices, "shelves": found.shelves}


@router.post("/v1/products/import", dependencies=[staff])
def import_products(body: CatalogueIn, call: Command) -> Response:
    """Bring products in, all or none; a product already there is replaced, others stay. Answers how many."""

    def work(session: Session) -> CatalogueReport:
        return import_catalogue(session, body, default_currency=call.app.shop.settings.currency, at=call.clock.now())

    return call.run(work)


@router.post("/v1/shelves/import", dependencies=[counters])
def import_shelves(body: ShelvesIn, call: Command) -> Response:
    """Say what lies in stores and in which aisle, all or none; what is not named stays as it is. Answers how many."""

    def work(session: Session) -> dict[str, int]:
        return {"shelves": shelves.put(session, body.shelves, at=call.clock.now())}

    return call.run(work)

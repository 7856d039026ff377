"""The demo page: Jane's phone in a frame beside the city, and a walker one can drag.

Owns the page. Her positions are posted by the page to /v1/fixes with her own session, as any phone would. Must not move
anybody itself, and is not there outside the demo (404).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.http import Reading
from app.security.access import ANYONE, Principal, Role, allow
from app.web import rendering
from geofences import facade as geofences
from geofences.contracts import Place
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Visitor = Annotated[Principal, Depends(allow(Role.SHOPPER, ANYONE))]

START = (24.9473, 60.1681)
"""(longitude, latitude) in degrees: the Esplanade, a few steps from everything."""
SPOTS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to walk to with one press."""

    name: str
    lon: float
    lat: float


def _only_in_demo(call: Any) -> None:
    if not call.app.settings.demo:
        raise NotFound("The demo page is served by `moments demo` only.")


def spots(places: list[Place]) -> list[Spot]:
    """The first shop of each chain, the largest chain first, then single shops, then the way out of all of them. `places`: those where something may happen."""
    branches = Counter(p.chain for p in places if p.chain)
    seen: set[str] = set()
    out: list[Spot] = []
    for place in sorted(places, key=lambda p: (-branches[p.chain or ""], p.chain or "", p.id)):
        brand = place.chain or place.id
        if place.kind != "mall" and brand not in seen:
            seen.add(brand)
            out.append(Spot(place.name, place.lon_deg, place.lat_deg))
    return [*out[:SPOTS_SHOWN], Spot("Away from the shops", *START)]


@router.get("/demo")
def demo(request: Request, caller: Visitor, call: Reading) -> Response:
    """The phone beside the city."""
    _only_in_demo(call)
    with call.database.reading() as session:
        found = spots([place for place in geofences.places(session) if place.refused is None])
    context = {"start": START, "spots": found, "known": caller.kind is Role.SHOPPER}
    return rendering.page(request, "demo/demo.html", context)


@router.get("/demo/fences.geojson")
def demo_fences(_caller: Visitor, call: Reading) -> Response:
    """The fences of the invented shops, for everybody who tries the demo."""
    _only_in_demo(call)

    def work(session: Session) -> dict[str, Any]:
        return geofences.fences_geojson(session)

    return call.run(work)


@router.get("/style")
def style(request: Request, _caller: Visitor, call: Reading) -> Response:
    """Every piece that pages are made of, on one page; for those who build pages."""
    _only_in_demo(call)
    with call.database.reading() as session:
        products = storefront.products(session, limit=6)
    return rendering.page(request, "styleguide.html", {"products": products})

"""The routes of sensitive places: lists in, what is kept from them, and the zones for a map.

Owns bodies and answers. Must not decide anything; the use cases do. Lists and distances are the operator's: who writes campaigns may
read the rules and not bend them. No answer names a sensitive place.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from app.kernel.errors import Invalid
from app.kernel.http import Command, RawBody, Reading, refuse_nul
from app.security.access import Principal, Role, allow
from geofences.sensitive import choosing, importing, zones
from geofences.sensitive.adapters.osm_gateway import OsmGeoJson
from geofences.sensitive.schemas import DistancesIn

router = APIRouter(prefix="/v1/places/sensitive", tags=["places"])

Keeper = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Planner = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]


_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object", "description": "GeoJSON FeatureCollection with OpenStreetMap tags as properties"}}}}
}


@router.post("/import", openapi_extra=_BODY)
def import_list(
    _caller: Keeper,
    call: Command,
    raw: RawBody,
    source: Annotated[str, Query(pattern=r"^[a-z0-9_-]{1,40}$", description="Whose list this is.")] = "osm",
    jurisdiction: Annotated[str, Query(max_length=10, description="ISO 3166, of places that do not say theirs.")] = "",
    replace: Annotated[bool, Query(description="Places of this source that the list no longer has go.")] = False,
) -> Response:
    """Sensitive places, all or nothing. Places of ours that are too near are refused from now on, and visits there deleted."""
    refuse_nul(raw)
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise Invalid.field("body", "send one GeoJSON document in UTF-8") from None
    return call.run(
        lambda session: importing.import_sensitive(
            session, OsmGeoJson(document, source), at=call.clock.now(), jurisdiction=jurisdiction, replace=replace
        )
    )


@router.get("/rules")
def show_rules(_caller: Planner, call: Reading) -> Response:
    """How far from which kind of place every fence must stay today, and which rule says so."""
    return call.run(choosing.told)


@router.put("/rules")
def set_rules(body: DistancesIn, _caller: Keeper, call: Command) -> Response:
    """What this house keeps where no law asks for more."""

    def work(session: Any) -> dict[str, Any]:
        choosing.choose(session, jurisdiction=body.jurisdiction, health_m=body.health_m, other_m=body.other_m)
        return choosing.told(session)

    return call.run(work)


@router.get("/geojson")
def show_zones(_caller: Planner, call: Reading) -> Response:
    """The zones in which no fence may lie, melted together and without names."""
    return call.run(zones.zones_geojson)

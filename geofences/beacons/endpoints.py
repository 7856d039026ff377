"""The routes of beacons: sightings in, beacons in and listed.

Owns bodies and answers. Must not decide anything; the use cases do. No answer holds an identity key.
"""

import json
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from app.kernel.errors import FieldError, Invalid, TooLarge
from app.kernel.http import Command, CommandCall, RawBody, Reading, refuse_nul
from app.kernel.verdict import Fail
from app.security.access import Principal, Role, allow
from geofences.beacons import importing, repository
from geofences.beacons.ingest import SightingReport, ingest_sightings
from geofences.beacons.settings import BeaconSettings
from geofences.errors import NoConsentForLocation
from geofences.track import Key

router = APIRouter()

Tracker = Annotated[Principal, Depends(allow(Role.SHOPPER, tracking=True))]
Keeper = Annotated[Principal, Depends(allow(Role.OPERATOR, Role.SERVER, scope="places"))]



_SIGHTING: dict[str, Any] = {
    "type": "object",
    "required": ["rssi_dbm"],
    "properties": {
        "ts": {"type": "number", "description": "epoch seconds"},
        "occurred_at": {"type": "string", "format": "date-time", "description": "instead of ts"},
        "rssi_dbm": {"type": "number", "minimum": -127, "maximum": 20},
        "advertisement": {"type": "string", "description": "the advertisement's bytes, hexadecimal or base64"},
        "address": {"type": "string", "description": "the transmitter's, where the phone shows it"},
        "kind": {"type": "string", "enum": ["ibeacon", "altbeacon", "eddystone_uid", "eddystone_eid"]},
        "uuid": {"type": "string"},
        "major": {"type": "integer", "minimum": 0, "maximum": 65535},
        "minor": {"type": "integer", "minimum": 0, "maximum": 65535},
        "namespace": {"type": "string"},
        "instance": {"type": "string"},
        "eid": {"type": "string"},
        "id": {"type": "string", "description": "of an AltBeacon"},
        "lat": {"type": "number", "description": "where the phone was, with lon and accuracy_m"},
        "lon": {"type": "number"},
        "accuracy_m": {"type": "number"},
    },
}
_SIGHTINGS = {
    "type": "object",
    "required": ["sightings"],
    "properties": {"sightings": {"type": "array", "items": _SIGHTING}},
}
_BEACONS = {
    "type": "object",
    "required": ["beacons"],
    "properties": {"beacons": {"type": "array", "items": {"type": "object", "required": ["place_id"]}}},
}


def _takes(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _list(raw: bytes, name: str) -> list[Any]:
    """The list `name` of a JSON document."""
    refuse_nul(raw)
    try:
        document = json.loads(raw)
    except UnicodeDecodeError:
        raise Invalid.field("body", "this is not UTF-8; send one JSON document in UTF-8") from None
    except json.JSONDecodeError as error:
        raise Invalid.field("body", f"this is not valid JSON at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Invalid.field("body", "this JSON holds a number too long or is nested too deeply") from None
    found: object = cast("dict[str, Any]", document).get(name) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise Invalid.field(name, f'send {{"{name}": [...]}}')
    return cast("list[Any]", found)


def _settings(call: CommandCall) -> BeaconSettings:
    found = getattr(getattr(call.app, "settings", None), "beacons", None)
    return found if isinstance(found, BeaconSettings) else BeaconSettings()  # type: ignore[call-arg]


@router.post("/v1/sightings", tags=["fixes"], openapi_extra=_takes(_SIGHTINGS))
def post_sightings(caller: Tracker, call: Command, raw: RawBody) -> Response:
    """Beacons the calling device has heard. Each is accepted, a duplicate, or refused with field and remedy; the answer comes when they are safe."""
    sightings, settings = _list(raw, "sightings"), _settings(call)
    most = settings.max_sightings_per_batch
    if len(sightings) > most:
        raise TooLarge(
            f"sightings: at most {most} in one request; send several",
            fields=[FieldError("sightings", f"at most {most}")],
        )
    key = Key(caller.id, caller.device_id or caller.id)

    def work(session: Session) -> SightingReport:
        found = ingest_sightings(session, key, sightings, received_at=call.clock.now(), settings=settings)
        if isinstance(found, Fail):
            raise NoConsentForLocation
        if found.refused and not found.accepted and not found.duplicate:
            raise _all_refused(found)
        waking = getattr(call.app, "waking", None)
        if waking is not None and found.accepted:
            session.info["after_commit"].append(waking.sightings)
        return found

    return call.run(work)


def _all_refused(report: SightingReport) -> Invalid:
    fields = [FieldError(r.field or "sightings", r.remedy or "") for r in report.results[:20]]
    reasons = sorted({r.reason for r in report.results if r.reason})
    return Invalid(f"{fields[0].field}: {fields[0].remedy}", fields=fields, extra={"reasons": reasons})


@router.post("/v1/beacons/import", tags=["places"], openapi_extra=_takes(_BEACONS))
def import_beacons(_caller: Keeper, call: Command, raw: RawBody) -> Response:
    """Beacons with their zones and places, all or nothing; an identity key is sealed and never given out again."""
    rows = _list(raw, "beacons")
    return call.run(lambda session: importing.import_beacons(session, rows, at=call.clock.now()))


@router.get("/v1/beacons", tags=["places"])
def get_beacons(_caller: Keeper, call: Reading) -> Response:
    """All zones and beacons, without keys."""
    return call.run(repository.listing)

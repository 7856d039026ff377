"""The room's routes: fixes in (three protocols), places in and out, a shopper's own visits.

Owns bodies and answers. Must not decide anything; the use cases do. Phones that speak OwnTracks or OsmAnd are answered 200
also for what is not taken (no consent, a senseless fix): they would else keep it and send it again for ever.
"""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from app.kernel.errors import FieldError, Invalid, TooLarge
from app.kernel.http import Command, CommandCall, RawBody, refuse_nul
from app.kernel.http import Reading as ReadingCall
from app.kernel.idempotency import Answer
from app.kernel.verdict import Fail
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.security.access import ANYONE, EVERY_ROLE, Principal, Role, allow
from app.security.people import device_by_tracking_key
from geofences import importing, osmand, repository
from geofences.batches import Batch, Reading, TooMany, UnreadableBatch, of_json, of_lines
from geofences.device_plan import OS_LIMITS, Phone, Plan
from geofences.errors import NoConsentForLocation, UnknownTrackingKey
from geofences.fixes import FixResult
from geofences.ingest import IngestReport, ingest, reading, take
from geofences.listening import hear
from geofences.ports import FixSink
from geofences.schemas import DevicePlanIn
from geofences.settings import GeofenceSettings
from geofences.track import Key
from geofences.watching import plan_for

router = APIRouter()

Tracker = Annotated[Principal, Depends(allow(Role.SHOPPER, Role.SERVER, tracking=True, scope="fixes"))]
Tracked = Annotated[Principal, Depends(allow(Role.SHOPPER, tracking=True))]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Anybody = Annotated[Principal, Depends(allow(ANYONE))]
Known = Annotated[Principal, Depends(allow(*EVERY_ROLE, scope="places"))]
Merchant = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR, Role.SERVER, scope="places"))]



_FIX_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["lat", "lon"],
    "properties": {
        "ts": {"type": "number", "description": "epoch seconds"},
        "occurred_at": {"type": "string", "format": "date-time", "description": "instead of ts"},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "accuracy_m": {
            "type": "number",
            "minimum": 0,
            "maximum": 100000,
            "description": "radius that holds the truth in 68 % of cases",
        },
        "speed_mps": {"type": "number"},
        "bearing_deg": {"type": "number"},
        "mocked": {"type": "boolean"},
        "id": {"type": "string", "description": "yours; comes back in the result"},
        "shopper_id": {"type": "string", "description": "from servers: whose fix this is"},
        "device_id": {"type": "string", "description": "from servers: of which of her devices"},
    },
}


def _takes(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _document(raw: bytes) -> Any:
    refuse_nul(raw)
    try:
        return json.loads(raw)
    except UnicodeDecodeError:
        raise Invalid.field("body", "this is not UTF-8; send one JSON document in UTF-8") from None
    except json.JSONDecodeError as error:
        raise Invalid.field("body", f"this is not valid JSON at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Invalid.field("body", "this JSON holds a number too long or is nested too deeply") from None


def _settings(call: CommandCall) -> GeofenceSettings:
    found = getattr(getattr(call.app, "settings", None), "geofences", None)
    return found if isinstance(found, GeofenceSettings) else GeofenceSettings()  # type: ignore[call-arg]


def _keep(call: CommandCall, work: Callable[[Session, FixSink | None], Any]) -> Response:
    """Answer what `work` says when what it has appended is kept: in its transaction, or in a shared log once that is closed."""
    intake = getattr(getattr(call.app, "runner", None), "intake", None)
    if intake is None:
        return call.run(lambda session: work(session, None))
    return call.staged(lambda stage: stage.finish_alone(intake.taking(work)))


def _take_in(
    call: CommandCall, session: Session, key: Key, raws: Sequence[Any], log: FixSink | None, *, milliseconds: bool = False
) -> IngestReport | Fail:
    """Append to the log; whoever detects is woken after the commit."""
    found = ingest(
        session, key, list(raws), received_at=call.clock.now(), settings=_settings(call), milliseconds=milliseconds, log=log
    )
    if isinstance(found, IngestReport) and log is None:
        _wake(call, session, found)
    return found


def _wake(call: CommandCall, session: Session, found: IngestReport) -> None:
    waking = getattr(call.app, "waking", None)
    if waking is not None and found.accepted:
        session.info["after_commit"].append(waking.fixes)


def _key(caller: Principal) -> Key:
    return Key(caller.id, caller.device_id or caller.id)


# -- fixes in --------------------------------------------------------------------------------------------------------

_FIXES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["fixes"],
                    "properties": {"fixes": {"type": "array", "items": _FIX_SCHEMA}},
                }
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "one fix a line"}},
            "application/vnd.apache.arrow.stream": {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "columns named like the fields of a fix",
                }
            },
        },
    }
}


@router.post("/v1/fixes", tags=["fixes"], openapi_extra=_FIXES_BODY)
def post_fixes(caller: Tracker, call: Command, raw: RawBody) -> Response:
    """Positions of the calling device, or of many devices from a server. Each is accepted, a duplicate, or refused with field and
    remedy; the answer comes when they are safe. JSON, one JSON object a line, or an Arrow IPC stream."""
    key = None if caller.kind is Role.SERVER else _key(caller)
    settings, now = _settings(call), call.clock.now()
    how = reading(key, received_at=now, settings=settings)
    media_type = _media_type(call)
    if "arrow" not in media_type and not call.request.headers.get("content-type", "").startswith("application/json"):
        refuse_nul(raw)  # what says that it is JSON has been looked through at the door
    try:
        batch = _READERS[media_type](raw, how, settings.max_fixes_per_batch)
    except TooMany as error:
        raise TooLarge(f"fixes: {error}", fields=[FieldError("fixes", f"at most {error.most}")]) from None
    except UnreadableBatch as error:
        raise Invalid.field("fixes" if "fixes" in str(error) else "body", str(error)) from None

    def work(session: Session, log: FixSink | None) -> Answer:
        found = take(session, batch, key, received_at=now, log=log)
        if isinstance(found, Fail):
            raise NoConsentForLocation
        if found.refused and not found.accepted and not found.duplicate:
            raise _all_refused(found.results)
        if log is None:
            _wake(call, session, found)
        return Answer(200, found.outcome.to_json())

    return _keep(call, work)


def _of_stream(raw: bytes, how: Reading, most: int) -> Batch:
    from geofences.adapters import arrow_reader

    return arrow_reader.of_stream(raw, how, most)


_READERS: dict[str, Callable[[bytes, Reading, int], Batch]] = {
    "application/json": of_json,
    "application/x-ndjson": of_lines,
    "application/ndjson": of_lines,
    "application/jsonl": of_lines,
    "application/vnd.apache.arrow.stream": _of_stream,
}


def _media_type(call: CommandCall) -> str:
    """What the caller says it sends; JSON when it does not say or says what we have no reader for."""
    said = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return said if said in _READERS else "application/json"


def _all_refused(results: Sequence[FixResult]) -> Invalid:
    fields = [FieldError(r.field or "fixes", r.remedy or "") for r in results[:20]]
    return Invalid(
        f"{fields[0].field}: {fields[0].remedy}",
        fields=fields,
        extra={"reasons": sorted({r.reason for r in results if r.reason})},
    )


@router.post("/v1/owntracks", tags=["fixes"], openapi_extra=_takes({"type": "object"}))
def post_owntracks(caller: Tracked, call: Command, raw: RawBody) -> Response:
    """OwnTracks in HTTP mode: user is the device id, password the device token. The answer may hold waypoints to watch."""
    if not raw.strip():
        return Response("[]", media_type="application/json")
    document = _document(raw)
    if not isinstance(document, dict):
        raise Invalid.field("body", "send one OwnTracks message, an object with _type")
    message = cast("dict[str, Any]", document)

    def work(session: Session, log: FixSink | None) -> Answer:
        waking = getattr(call.app, "waking", None)
        answer = hear(
            session,
            _key(caller),
            message,
            received_at=call.clock.now(),
            settings=_settings(call),
            wake=waking.fixes if waking is not None and log is None else None,
            log_to=log,
        )
        return Answer(200, json.dumps(answer).encode(), "application/json")

    return _keep(call, work)


@router.post("/v1/device-plan", tags=["fixes"])
def post_device_plan(body: DevicePlanIn, caller: Tracked, call: ReadingCall) -> Response:
    """Which fences the calling phone should watch by itself, where it asks again, and what was left out and why."""
    phone = Phone(body.lat, body.lon, body.heading_deg, body.speed_mps)

    def work(session: Session) -> Plan:
        if isinstance(may(session, caller.id, Purpose.LOCATION, call.clock.now()), Fail):
            raise NoConsentForLocation
        return plan_for(session, phone, os_limit=OS_LIMITS[body.os], reserve=body.reserve)

    return call.run(work)


@router.get("/v1/osmand", tags=["fixes"])
def get_osmand(_caller: Anybody, call: Command) -> Response:
    """Traccar's OsmAnd protocol as a query: `id` is the device's tracking key, speed is in knots."""
    key, fixes = osmand.from_form(dict(call.request.query_params))
    return _osmand(call, key, fixes)


@router.post("/v1/osmand", tags=["fixes"])
def post_osmand(_caller: Anybody, call: Command, raw: RawBody) -> Response:
    """The same as a form, or as JSON (`device_id` is the tracking key, speed in metres a second)."""
    from urllib.parse import parse_qsl

    query = dict(call.request.query_params)
    if call.request.headers.get("content-type", "").startswith("application/json") or raw.lstrip()[:1] == b"{":
        key, fixes = osmand.from_json(_document(raw), query.get("id"))
    else:
        try:
            form = dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise Invalid.field("body", "send a form of at most 100 fields in UTF-8") from None
        key, fixes = osmand.from_form(query | form)
    return _osmand(call, key, fixes)


def _osmand(call: CommandCall, key: str, fixes: list[dict[str, Any]]) -> Response:
    with call.database.reading() as session:
        device = device_by_tracking_key(session, key)
    if device is None:
        raise UnknownTrackingKey

    def work(session: Session, log: FixSink | None) -> dict[str, Any]:
        found = _take_in(call, session, Key(device.shopper_id, device.device_id), fixes, log, milliseconds=True)
        if isinstance(found, Fail):
            return {"accepted": 0, "duplicate": 0, "refused": len(fixes), "reason": found.reason}
        return {
            "accepted": found.accepted,
            "duplicate": found.duplicate,
            "refused": found.refused,
            "results": found.results,
        }

    return _keep(call, work)


# -- places ----------------------------------------------------------------------------------------------------------


@router.post(
    "/v1/places/import",
    tags=["places"],
    openapi_extra=_takes({"type": "object", "description": "RFC 7946 FeatureCollection"}),
)
def import_places(_caller: Merchant, call: Command, raw: RawBody) -> Response:
    """Places and fences from GeoJSON, all or nothing; a feature's `id` is stable, so importing again updates."""
    document = _document(raw)
    return call.run(lambda session: importing.import_geojson(session, document, at=call.clock.now()))


@router.get("/v1/places", tags=["places"])
def get_places(_caller: Known, call: ReadingCall) -> Response:
    """All places."""
    return call.run(lambda session: {"places": repository.places(session)})


@router.get("/v1/places/geojson", tags=["places"])
def get_places_geojson(_caller: Known, call: ReadingCall) -> Response:
    """All fences, for a map; a circle is a Point with `radius_m`."""
    return call.run(repository.fences_geojson)


@router.get("/v1/visits", tags=["visits"])
def get_visits(caller: Shopper, call: ReadingCall, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Response:
    """The caller's own visits, newest first."""
    return call.run(lambda session: {"visits": repository.recent_visits(session, caller.id, limit)})

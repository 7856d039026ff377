"""The door of the room `geofences`: where is the shopper, and does it mean anything.

Owns places, fences, fixes on their way in, visits and moments. Callers must not read the room's tables, must not ask for
coordinates of a shopper (there are none to give), and must hold the consent for what they do with a moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from geofences.contracts import Fix, MomentView, Place, Sensitivity, VisitView

if TYPE_CHECKING:  # the detector brings numpy and shapely; who only asks for a place should not wait for them
    from app.kernel.db import Database
    from geofences.batches import Batch
    from geofences.beacons.importing import BeaconReport
    from geofences.beacons.replaying import SightingReplay
    from geofences.benching import Detecting, Walks
    from geofences.chain_day import ChainDay
    from geofences.directory import Directory
    from geofences.held import Held
    from geofences.importing import ImportReport
    from geofences.index import FenceIndex
    from geofences.ingest import IngestReport
    from geofences.replaying import Replay
    from geofences.sensitive.importing import SensitiveReport
    from geofences.settings import GeofenceSettings
    from geofences.tiers import PresenceFacts
    from geofences.track import Key


def replay(fences: Path, fixes: Iterable[Path], sensitive: tuple[Path, str, datetime] | None = None) -> Replay:
    """Recorded tracks through the live detector; see geofences/replaying.py (`sensitive`: the fields of its `Sensitive`)."""
    from geofences import replaying

    return replaying.replay(fences, fixes, sensitive=replaying.Sensitive(*sensitive) if sensitive else None)


def evaluate_visits(folder: Path, *, rounds: int = 0) -> dict[str, Any]:
    """Detected visits against annotated stays; see geofences/scoring.py."""
    from geofences import scoring

    return scoring.evaluate_visits(folder, rounds=rounds)


def evaluate_beacons(folder: Path) -> dict[str, Any]:
    """Positions from beacons against walks whose positions are known; see geofences/beacons/scoring.py."""
    from geofences.beacons import scoring

    return scoring.evaluate_beacons(folder)


def evaluate_spoof(folder: Path, *, rounds: int, seed: int, calibrating: Sequence[Path] | None = None) -> dict[str, Any]:
    """Made-up tracks against genuine ones; with `calibrating` (more folders) the weights found on these people instead. See geofences/spoofing/scoring.py."""
    from geofences.spoofing import scoring

    if calibrating is not None:
        return scoring.calibrate_spoof([folder, *calibrating], rounds=rounds, seed=seed)
    return scoring.evaluate_spoof(folder, rounds=rounds, seed=seed)


def bench_walks(fences: int, fixes: int) -> Walks:
    """People walking among many fences, as batches; see geofences/benching.py."""
    from geofences import benching

    return benching.Walks(fences, fixes)


def bench_day(stores: int, shoppers: int) -> ChainDay:
    """A chain's shoppers on a Saturday; see geofences/chain_day.py."""
    from geofences.chain_day import ChainDay

    return ChainDay(stores, shoppers)


def bench_decode(body: bytes, received_at: datetime, settings: GeofenceSettings) -> Batch:
    """A server's batch read as the endpoint reads it; see geofences/benching.py."""
    from geofences import benching

    return benching.decode(body, received_at, settings)


def bench_detecting(database: Database, settings: GeofenceSettings, index: FenceIndex) -> Detecting:
    """The engine with nothing stored; see geofences/benching.py."""
    from geofences import benching

    return benching.Detecting(database, settings, index)


def bench_take(database: Database, body: bytes, settings: GeofenceSettings, intake: Any = None) -> None:
    """A server's batch into the log, as the endpoint does it; see geofences/benching.py."""
    from geofences import benching

    benching.take_in(database, body, settings, intake)


def bench_moments(session: Session, told: Sequence[tuple[datetime, MomentView]]) -> None:
    """(when detected, moment) stored as they are; see geofences/benching.py."""
    from geofences import benching

    benching.store_moments(session, told)


def bench_visits(session: Session, stays: Sequence[tuple[str, str, datetime]]) -> None:
    """(shopper, place, when it began) stored as visits of ten minutes; see geofences/benching.py."""
    from geofences import benching

    benching.store_visits(session, stays)


def bench_key(shopper_id: str, device_id: str) -> Key:
    """Whose fixes `Walks.batches` sends."""
    from geofences.track import Key

    return Key(shopper_id, device_id)


def bench_index(fence_count: int, point_count: int, large: bool) -> Iterator[Any]:
    """What the fence index costs beside its peers, figure by figure; see geofences/index/measuring.py."""
    from geofences.index import measuring

    yield from measuring.index(fence_count, point_count, large=large)


def bench_detect(fence_count: int, fix_count: int) -> Iterator[Any]:
    """What location with state costs beside a tree and a dict; see geofences/index/measuring.py."""
    from geofences.index import measuring

    yield from measuring.detecting(fence_count, fix_count)


def index_kernel() -> str:
    """Which way the index goes in this process: compiled or numpy."""
    from geofences.index import kernel_name

    return kernel_name()


def bench_outcome(database: Database) -> dict[str, Any]:
    """Ids of all visits and moments, to compare runs by; see geofences/benching.py."""
    from geofences import benching

    return benching.outcome(database)


def places(session: Session) -> list[Place]:
    """All places, by name."""
    from geofences import repository
    return repository.places(session)


def directory(session: Session) -> Directory:
    """All places by id, chain and tag, remembered until one changes: for whoever asks with every moment."""
    from geofences.directory import directory as current
    return current(session)


def place(session: Session, place_id: str) -> Place | None:
    from geofences import repository
    return repository.place(session, place_id)


def places_by_ids(session: Session, ids: Collection[str]) -> dict[str, Place]:
    """Those of `ids` that exist."""
    from geofences import repository
    return repository.places_by_ids(session, ids)


def visit(session: Session, visit_id: str) -> VisitView | None:
    from geofences import repository
    return repository.visit(session, visit_id)


def visit_lasts(session: Session, visit_id: str) -> bool:
    """Whether there is such a visit and it has not ended."""
    from geofences import repository
    return repository.visit_lasts(session, visit_id)


def open_visit(session: Session, shopper_id: str, place_id: str) -> VisitView | None:
    """The shopper's visit at the place that has not ended, if there is one."""
    from geofences import repository
    return repository.open_visit(session, shopper_id, place_id)


def recent_visits(session: Session, shopper_id: str, limit: int) -> list[VisitView]:
    """Newest first."""
    from geofences import repository
    return repository.recent_visits(session, shopper_id, limit)


def stays(
    session: Session, shopper_ids: Collection[str], *, since: datetime, until: datetime
) -> Sequence[tuple[str, str, datetime, datetime, int]]:
    """(shopper id, place id, when it began, when it ended, seconds) of these shoppers' visits from `since` on that had ended by `until`, oldest first."""
    from geofences import stays

    return stays.stays(session, shopper_ids, since=since, until=until)


def stay_tallies(
    session: Session, *, place_ids: Collection[str] | None, since: datetime | None, until: datetime
) -> Sequence[tuple[str, int, int, datetime]]:
    """(shopper id, visits, seconds in all, when the last began) of everybody with one at these places (None: any), as `stays`."""
    from geofences import stays

    return stays.tallies(session, place_ids=place_ids, since=since, until=until)


def stay_beginnings(session: Session, *, since: datetime, until: datetime) -> Sequence[tuple[str, datetime]]:
    """(shopper id, when it began) of everybody's visits that began after `since` and not after `until`."""
    from geofences import stays

    return stays.beginnings(session, since=since, until=until)


def moment(session: Session, moment_id: str) -> MomentView | None:
    from geofences import repository
    return repository.moment(session, moment_id)


def recent_moments(session: Session, *, since: datetime, limit: int) -> list[MomentView]:
    """Detected since, newest first."""
    from geofences import repository
    return repository.recent_moments(session, since=since, limit=limit)


def detected_moments(
    session: Session, kinds: Collection[str], *, since: datetime, until: datetime, place_ids: Collection[str] | None = None
) -> Iterator[tuple[datetime, MomentView]]:
    """(when detected, moment) of these kinds that stand (None: everywhere), in order of detection, piece by piece; `until` is exclusive. Without the doubts."""
    from geofences import repository
    return repository.detected_moments(session, kinds, since, until, place_ids)


def moments_of_each(session: Session, kinds: Collection[str], *, since: datetime, until: datetime) -> dict[str, int]:
    """How many of these each shopper has, by shopper id."""
    from geofences import repository
    return repository.moments_of_each(session, kinds, since, until)


def fences_geojson(session: Session) -> dict[str, Any]:
    """All fences as a FeatureCollection; circles are Points with `radius_m`."""
    from geofences import repository
    return repository.fences_geojson(session)


def import_beacons(session: Session, text: str, *, is_csv: bool, at: datetime) -> BeaconReport:
    """Beacons with their zones from a file, all or nothing; raises `BeaconImportRefused` (422) naming each row and reason."""
    import json

    from geofences.beacons import importing
    from geofences.beacons.errors import BeaconImportRefused

    if is_csv:
        return importing.import_beacons(session, importing.read_csv(text), at=at)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BeaconImportRefused('beacons: not valid JSON; send {"beacons": [...]}') from None
    rows: object = document.get("beacons") if isinstance(document, dict) else document  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return importing.import_beacons(session, rows, at=at)


def beacons(session: Session) -> dict[str, Any]:
    """All zones and beacons, without keys."""
    from geofences.beacons import repository

    return repository.listing(session)


def show_code(session: Session, text: str, shopper_id: str, device_id: str, *, at: datetime, settings: GeofenceSettings) -> str:
    """She shows a scanned code of a place; the tier it is worth. Raises `PresenceCodeUnknown`, `PresenceCodeOld`, `PresenceCodeUsed`."""
    from geofences.presence import proving

    code = proving.read_code(session, text, at)
    return proving.prove(session, code, shopper_id=shopper_id, device_id=device_id, at=at, fastest_mps=settings.jump_mps).presence


def place_code(place_id: str, at: datetime, *, kind: str, label: str = "") -> tuple[str, str]:
    """The code that a shelf (`printed_code`), a screen (`screen_code`) or a till (`till`) of the place shows now, and its digits for typing."""
    from geofences.presence import proving

    return proving.shown_code(kind, place_id, label, at), proving.shown_digits(place_id, at)


def presence_facts(session: Session, visit_id: str) -> PresenceFacts | None:
    """What a decision about value may know of a visit (`visit_level`, `trust_verdict`, `presence`, in the words of the policies): without
    what static beacons and printed codes did for it. None for a visit that is not."""
    from geofences.presence import proving

    return proving.facts_of(session, visit_id)


def replay_sightings(paths: Iterable[Path], beacons_file: Path | None) -> SightingReplay:
    """Recorded sightings through the live detector; see geofences/beacons/replaying.py."""
    from geofences.beacons import replaying

    return replaying.replay_sightings(paths, beacons_file)


def import_geojson(session: Session, document: object, *, at: datetime) -> ImportReport:
    """Places and fences, all or nothing; raises `ImportRefused` (422) naming each feature and reason."""
    from geofences import importing

    return importing.import_geojson(session, document, at=at)


def ingest_fixes(
    session: Session, fixes: Sequence[Fix], *, received_at: datetime, settings: GeofenceSettings
) -> IngestReport | Fail:
    """Append the fixes of one device (all must be of the same) to the log; Fail(`no_consent_location`) stores nothing.

    The runner hears of it by its poll, or at once by `RunnerLoop.wake`.
    """
    from geofences.ingest import ingest
    from geofences.track import Key

    if not fixes:
        raise ValueError("no fixes")
    key = Key(fixes[0].shopper_id, fixes[0].device_id)
    if any((f.shopper_id, f.device_id) != (key.shopper_id, key.device_id) for f in fixes):
        raise ValueError("the fixes of one call are of one device")
    raws = [
        {
            "ts": f.occurred_at.timestamp(),
            "lat": f.lat_deg,
            "lon": f.lon_deg,
            "accuracy_m": f.accuracy_m,
            "speed_mps": f.speed_mps,
            "bearing_deg": f.bearing_deg,
            "mocked": f.mocked,
        }
        for f in fixes
    ]
    return ingest(session, key, raws, received_at=received_at, settings=settings)


# -- sensitive places --------------------------------------------------------------------------------------------------


def import_sensitive(
    session: Session, document: object, *, at: datetime, source: str = "osm", jurisdiction: str = "", replace: bool = False
) -> SensitiveReport:
    """Sensitive places from GeoJSON with OpenStreetMap tags; raises `SensitiveImportRefused` (422). See geofences/sensitive/importing.py."""
    from geofences.sensitive import importing
    from geofences.sensitive.adapters.osm_gateway import OsmGeoJson
    return importing.import_sensitive(session, OsmGeoJson(document, source), at=at, jurisdiction=jurisdiction, replace=replace)


def choose_distances(
    session: Session, *, jurisdiction: str | None = None, health_m: float | None = None, other_m: float | None = None
) -> dict[str, Any]:
    """What this house keeps from sensitive places where no law asks for more; None leaves it. Returns what is then kept and why."""
    from geofences.sensitive import choosing
    choosing.choose(session, jurisdiction=jurisdiction, health_m=health_m, other_m=other_m)
    return choosing.told(session)


def distances_kept(session: Session) -> dict[str, Any]:
    """What is kept from sensitive places today, by kind, with the rule that asks for it."""
    from geofences.sensitive import choosing
    return choosing.told(session)


def refused_places(session: Session) -> Mapping[str, Sensitivity]:
    """The places at which nothing may happen today because they are near a sensitive one, by id, with the reason."""
    from geofences.sensitive.refusals import refusals
    return refusals(session).places


def sensitive_geojson(session: Session) -> dict[str, Any]:
    """The zones around sensitive places in which no fence may lie, for the console's map; without names."""
    from geofences.sensitive import zones
    return zones.zones_geojson(session)


def sensitive_kind(tags: Mapping[str, object]) -> str | None:
    """The kind of sensitive place these OpenStreetMap tags tell of, or None."""
    from geofences.sensitive.kinds import kind_of
    found = kind_of(tags)
    return None if found is None else str(found)


def leave_behind(session: Session) -> None:
    """What must not go into a copy of the database that is kept: positions that are sealed with the house's key alone."""
    from geofences.adapters import table_log
    table_log.leave_behind(session)


def held(session: Session, shopper_ids: Sequence[str]) -> Held:
    """Where one person was seen, as far as it is still known, and when each piece goes; to be shown to herself alone."""
    from geofences.held import held_of
    return held_of(session, shopper_ids)

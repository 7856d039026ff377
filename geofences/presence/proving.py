"""Somebody shows a code of a place: it is taken once, it confirms her visit there, and two places at once undo both.

Owns the taking of proofs, what they confirm, and the facts of a visit for whoever decides about value. Must not decide about value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, prepared
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.kernel.outbox import emit_if_owed
from app.kernel.verdict import Fail
from app.privacy.gate import may
from app.privacy.holding import alone
from app.privacy.purposes import Purpose
from app.security import sealing, signing
from geofences import tiers
from geofences.beacons.models import CorroborationRow
from geofences.contracts import TrustLevel, VisitConfirmed
from geofences.errors import NoConsentForLocation
from geofences.models import PlaceRow, VisitRow
from geofences.presence import codes
from geofences.presence.codes import PlaceCode
from geofences.presence.early import NEAR_M
from geofences.presence.errors import PresenceCodeOld, PresenceCodeUnknown, PresenceCodeUsed
from geofences.presence.models import PresenceRow
from geofences.shapes import haversine_m
from geofences.visit_store import HEARD_BY_BEACONS

log = get_logger(__name__)

SIGNED = "presence_code"
AFTER_S = 900
"""A visit that ended this lately is still proven by what is shown now."""
_QUIETLY = {"synchronize_session": False}
_RANK = {TrustLevel.CLAIMED: 0, TrustLevel.CORROBORATED: 1, TrustLevel.VERIFIED: 2}


@dataclass(frozen=True, slots=True)
class Proved:
    """`visit_id` is None where no visit at the place is known (yet); `level` is what the visit is believed now."""

    place_id: str
    presence: str
    visit_id: str | None
    level: str


def _keyed(message: bytes) -> bytes:
    return bytes.fromhex(sealing.keyed_hash("presence_digits", message))


def shown_code(kind: str, place_id: str, label: str, at: datetime) -> str:
    """The text of the code that a shelf, a screen or a till shows now."""
    step = 0 if kind == tiers.PRINTED else codes.step_of(at.timestamp())
    return codes.written(PlaceCode(kind, place_id, step, label), lambda message: signing.sign_lasting(SIGNED, message))


def shown_digits(place_id: str, at: datetime) -> str:
    """The same of a till, for typing."""
    return codes.digits(place_id, codes.step_of(at.timestamp()), _keyed)


def read_code(session: Session, text: str, at: datetime) -> PlaceCode:
    """Raises `PresenceCodeUnknown` or `PresenceCodeOld`."""
    code = codes.read(text, lambda message, signature: signing.checks(signing.lasting_key(SIGNED), message, signature))
    if code is None or session.get(PlaceRow, code.place_id) is None:
        raise PresenceCodeUnknown
    if isinstance(codes.good(code, at.timestamp()), Fail):
        raise PresenceCodeOld
    return code


def read_digits(session: Session, place_id: str, typed: str, at: datetime) -> PlaceCode:
    """Raises `PresenceCodeUnknown`; the caller has spent a try."""
    step = codes.step_of_digits(place_id, typed.replace(" ", ""), at.timestamp(), _keyed)
    if step is None or session.get(PlaceRow, place_id) is None:
        raise PresenceCodeUnknown
    return PlaceCode(tiers.TILL, place_id, step)


def prove(
    session: Session, code: PlaceCode, *, shopper_id: str, device_id: str, at: datetime, fastest_mps: float
) -> Proved:
    """Take a code that was read as good. Raises `NoConsentForLocation`, `PresenceCodeUsed` (nothing is changed then)."""
    alone(session, (shopper_id,))  # a flush that begins her visit has committed, or waits and sees this proof (early.py)
    if isinstance(may(session, shopper_id, Purpose.LOCATION, at), Fail):
        raise NoConsentForLocation
    day = int(at.timestamp() // 86_400) if code.kind == tiers.PRINTED else 0
    use = f"{code.message().decode()}|{device_id}|{day}"
    row = {
        "id": new_id("prf"), "shopper_id": shopper_id, "device_id": device_id, "place_id": code.place_id, "kind": code.kind,
        "use_hash": sealing.keyed_hash("presence_use", use), "at": at, "relayed_at": None,
    }  # fmt: skip
    if not insert_new(session, PresenceRow, row, unique=["use_hash"]):
        raise PresenceCodeUsed
    elsewhere = _elsewhere(session, shopper_id, code.place_id, at, fastest_mps)
    if elsewhere:
        _undo(session, [*elsewhere, row["id"]], shopper_id, at)
        return Proved(code.place_id, tiers.strongest(()), None, str(TrustLevel.CLAIMED))
    visit = _visit_at(session, shopper_id, code.place_id, at)
    if visit is None:
        return Proved(code.place_id, tiers.strongest([code.kind]), None, str(TrustLevel.CLAIMED))
    confirmation = {
        "visit_id": visit,
        "by_visit_id": row["id"],
        "shopper_id": shopper_id,
        "kind": code.kind,
        "noted_at": at,
    }
    insert_new(session, CorroborationRow, confirmation, unique=["visit_id", "by_visit_id"])
    level = set_level(session, visit)
    emit_if_owed(session, VisitConfirmed(visit, shopper_id, str(level), at), subject=shopper_id)
    return Proved(code.place_id, tiers.strongest([code.kind]), visit, str(level))


def _visit_at(session: Session, shopper_id: str, place_id: str, at: datetime) -> str | None:
    """Her newest visit there told by positions that is open or ended lately."""
    lately = or_(VisitRow.ended_at.is_(None), VisitRow.ended_at >= at - timedelta(seconds=AFTER_S))
    found = select(VisitRow.id).where(
        VisitRow.shopper_id == shopper_id,
        VisitRow.place_id == place_id,
        lately,
        VisitRow.fence_id.not_like(HEARD_BY_BEACONS),
    )
    return session.scalars(found.order_by(VisitRow.started_at.desc(), VisitRow.id).limit(1)).first()


def kinds_of(session: Session, visit_id: str) -> set[str]:
    """By what a visit is confirmed."""
    confirmed = select(CorroborationRow.kind).where(CorroborationRow.visit_id == visit_id)
    return set(session.scalars(confirmed))


def set_level(session: Session, visit_id: str) -> TrustLevel:
    """Give the visit the level its confirmations allow now, up or down."""
    doubts = session.scalars(select(VisitRow.doubts).where(VisitRow.id == visit_id)).one()
    level = tiers.level(doubts, kinds_of(session, visit_id))
    moved(session, update(VisitRow).where(VisitRow.id == visit_id).values(trust=str(level)))
    return level


# -- two places at once ----------------------------------------------------------------------------------------------


def _elsewhere(session: Session, shopper_id: str, place_id: str, at: datetime, fastest_mps: float) -> list[str]:
    """Her proofs at other places from which nobody gets here in the time between."""
    lately = select(PresenceRow.id, PresenceRow.place_id, PresenceRow.at).where(
        PresenceRow.shopper_id == shopper_id, PresenceRow.place_id != place_id, PresenceRow.at >= at - timedelta(days=1)
    )
    others = session.execute(lately).all()
    if not others:
        return []
    here = session.get(PlaceRow, place_id)
    ids: list[str] = []
    for proof_id, other_id, other_at in others:
        there = session.get(PlaceRow, other_id)
        if here is None or there is None:
            continue
        way_m = haversine_m(here.lat_deg, here.lon_deg, there.lat_deg, there.lon_deg) - NEAR_M
        if way_m > fastest_mps * abs((at - other_at).total_seconds()):
            ids.append(proof_id)
    return ids


def _undo(session: Session, proof_ids: Iterable[object], shopper_id: str, at: datetime) -> None:
    """Nobody knows which was true: none of them confirms anything any more."""
    ids = [str(proof_id) for proof_id in proof_ids]
    quietly = {"execution_options": _QUIETLY}
    session.execute(update(PresenceRow).where(PresenceRow.id.in_(ids)).values(relayed_at=at), **quietly)
    touched = set(session.scalars(select(CorroborationRow.visit_id).where(CorroborationRow.by_visit_id.in_(ids))))
    session.execute(delete(CorroborationRow).where(CorroborationRow.by_visit_id.in_(ids)), **quietly)
    for visit_id in sorted(touched):
        level = set_level(session, visit_id)
        emit_if_owed(session, VisitConfirmed(visit_id, shopper_id, str(level), at), subject=shopper_id)
    log.warning("presence_relayed", shopper_id=shopper_id, proofs=len(ids))


# -- for whoever decides about value ---------------------------------------------------------------------------------


_VISIT = select(VisitRow.doubts, VisitRow.fence_id).where(VisitRow.id == bindparam("visit_id"))
_CONFIRMED = select(CorroborationRow.kind).where(CorroborationRow.visit_id == bindparam("visit_id"))


def facts_of(session: Session, visit_id: str) -> tiers.PresenceFacts | None:
    """Of a visit, None for one that is not (any more)."""
    row = prepared(session, _VISIT, {"visit_id": visit_id}).first()
    if row is None:
        return None
    told_by_beacons = row.fence_id.startswith(HEARD_BY_BEACONS.rstrip("%"))
    if not told_by_beacons:
        return tiers.facts(row.doubts, set(prepared(session, _CONFIRMED, {"visit_id": visit_id}).scalars()))
    given = set(session.scalars(select(CorroborationRow.kind).where(CorroborationRow.by_visit_id == visit_id)))
    if not given:  # a beacon alone
        return tiers.facts(row.doubts, ())
    radio = given & {tiers.ROTATING}
    return tiers.facts(row.doubts, radio or {tiers.BEACON})

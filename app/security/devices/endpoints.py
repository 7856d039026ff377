"""The routes by which a phone proves what it is, and reads how far it is believed.

Owns the HTTP side. Must not judge: standing.py does.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.kernel.db import Database
from app.kernel.errors import Conflict
from app.security.access import allow, security_settings
from app.security.devices import attesting, keeping
from app.security.devices.binding import as_text
from app.security.devices.schemas import AttestationChallengeOut, AttestationIn, StandingOut
from app.security.principals import Principal, Role
from app.security.reasons import REASONS

router = APIRouter(tags=["devices"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Prover = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="attestation"))]


class NoDevice(Conflict):
    """This is for a phone that calls with its own token."""

    code = "no_device"


@router.post("/v1/devices/me/attestation/challenge", response_model=AttestationChallengeOut)
def begin_attestation(caller: Prover, request: Request) -> AttestationChallengeOut:
    """Begin: a challenge for the next proof of this phone, good once and soon."""
    challenge = attesting.begin(_database(request), _device(caller), ttl_s=security_settings(request).challenge_ttl_s)
    return AttestationChallengeOut(challenge=as_text(challenge))


@router.post("/v1/devices/me/attestation", response_model=StandingOut)
def attest(body: AttestationIn, caller: Prover, request: Request) -> StandingOut:
    """Prove with Play Integrity or App Attest that this is a real phone with our own app, for this moment and coupon."""
    database, settings, device_id = _database(request), security_settings(request), _device(caller)
    if body.kind == "play_integrity":
        attesting.with_play(
            database, device_id, settings, challenge=body.challenge, token=body.token, moment_id=body.moment_id, coupon_id=body.coupon_id
        )
    elif body.kind == "app_attest_key":
        attesting.with_apple_key(database, device_id, settings, challenge=body.challenge, key_id=body.key_id, evidence=body.evidence)
    else:
        attesting.with_apple_signature(
            database, device_id, settings, challenge=body.challenge, key_id=body.key_id, evidence=body.evidence, moment_id=body.moment_id, coupon_id=body.coupon_id
        )  # fmt: skip
    return _standing(request, device_id)


@router.get("/v1/devices/me/standing", response_model=StandingOut)
def read_standing(caller: Shopper, request: Request) -> StandingOut:
    """How far this phone is believed, and why."""
    return _standing(request, _device(caller))


def _standing(request: Request, device_id: str) -> StandingOut:
    database = _database(request)
    with database.reading() as session:
        found = keeping.standing(session, device_id, database.clock.now(), fresh_s=security_settings(request).attestation_fresh_s)
    return StandingOut(level=str(found.level), reasons={code: REASONS[code] for code in found.reasons}, at=found.at)


def _device(caller: Principal) -> str:
    if caller.device_id is None:
        raise NoDevice
    return caller.device_id


def _database(request: Request) -> Database:
    return request.app.state.house.database

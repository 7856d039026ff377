"""A phone proves what it is: our challenge is used up, the vendor's evidence is checked, the standing follows.

Owns the order of it, and the keys of Apple devices. Checking happens outside any transaction. Must not know HTTP.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import select, update

from app.kernel.db import Database, insert_new, moved
from app.kernel.errors import AppError, Conflict
from app.kernel.verdict import Fail
from app.security import challenges
from app.security.devices import keeping
from app.security.devices.app_attest import AppAttest, Root, root_of
from app.security.devices.binding import request_hash
from app.security.devices.models import AppAttestKeyRow
from app.security.devices.play_integrity import Judged, PlayIntegrity
from app.security.devices.standing import Level
from app.security.reasons import REASONS
from app.security.settings import SecuritySettings

PURPOSE = "attestation"
PLAY, APPLE = "play_integrity", "app_attest"


class AttestationRefused(AppError):
    """What the phone says about itself does not hold; `reason` says which part."""

    status = 422
    code = "attestation_refused"

    def __init__(self, fail: Fail) -> None:
        super().__init__(REASONS[fail.reason], extra={"reason": fail.reason})


class AttestationNotSetUp(Conflict):
    """Attestation of this kind is not set up here."""

    code = "attestation_not_set_up"


def begin(database: Database, device_id: str, *, ttl_s: int) -> bytes:
    with database.transaction() as session:
        return challenges.issue(session, PURPOSE, device_id, at=database.clock.now(), ttl_s=ttl_s)


def with_play(database: Database, device_id: str, settings: SecuritySettings, *, challenge: bytes, token: str, moment_id: str, coupon_id: str) -> None:
    """Raises AttestationRefused 422, AttestationNotSetUp 409."""
    decryption, verification = settings.play_decryption_key.get_secret_value(), settings.play_verification_key.get_secret_value()
    if not settings.play_package_names or not decryption or not verification:
        raise AttestationNotSetUp
    hashed = _used_up(database, device_id, challenge, moment_id, coupon_id)
    found = PlayIntegrity(settings.play_package_names, decryption, verification).verdict(token, hashed, database.clock.now())
    if isinstance(found, Fail):
        raise AttestationRefused(found)
    _keep(database, device_id, PLAY, found)


def with_apple_key(database: Database, device_id: str, settings: SecuritySettings, *, challenge: bytes, key_id: bytes, evidence: bytes) -> None:
    """A new key of the secure enclave. Raises AttestationRefused 422, AttestationNotSetUp 409."""
    apple = _apple(settings)
    hashed = _used_up(database, device_id, challenge, "", "")
    key = apple.attestation(evidence, key_id, hashed, database.clock.now())
    if isinstance(key, Fail):
        raise AttestationRefused(key)
    with database.transaction() as session:
        at = database.clock.now()
        row = {
            "key_id": key.id.hex(), "device_id": device_id, "public_key": key.public_key, "counter": 0, "level": str(key.level), "created_at": at, "used_at": at,
        }  # fmt: skip
        if not insert_new(session, AppAttestKeyRow, row, unique=["key_id"]):
            raise AttestationRefused(Fail("attestation_seen_before"))
        keeping.keep(session, device_id, APPLE, key.level, {"how": "attestation"}, at=at)


def with_apple_signature(
    database: Database, device_id: str, settings: SecuritySettings, *, challenge: bytes, key_id: bytes, evidence: bytes, moment_id: str, coupon_id: str
) -> None:
    """A known key signs for this moment and coupon. Raises AttestationRefused 422, AttestationNotSetUp 409."""
    apple = _apple(settings)
    hashed = _used_up(database, device_id, challenge, moment_id, coupon_id)
    mine = (AppAttestKeyRow.key_id == key_id.hex(), AppAttestKeyRow.device_id == device_id)
    with database.reading() as session:
        known = session.execute(select(AppAttestKeyRow.public_key, AppAttestKeyRow.counter, AppAttestKeyRow.level).where(*mine)).one_or_none()
    if known is None:
        raise AttestationRefused(Fail("attestation_not_genuine"))
    public_key, counter, level = known
    says = apple.assertion(evidence, public_key, counter, hashed)
    if isinstance(says, Fail):
        raise AttestationRefused(says)
    with database.transaction() as session:
        at = database.clock.now()
        # the counter only ever grows, also when two come at once
        if not moved(session, update(AppAttestKeyRow).where(*mine, AppAttestKeyRow.counter < says).values(counter=says, used_at=at)):
            raise AttestationRefused(Fail("attestation_seen_before"))
        keeping.keep(session, device_id, APPLE, Level(level), {"how": "assertion"}, at=at)


def _used_up(database: Database, device_id: str, challenge: bytes, moment_id: str, coupon_id: str) -> bytes:
    with database.transaction() as session:
        if not challenges.use(session, PURPOSE, challenge, device_id, at=database.clock.now()):
            raise AttestationRefused(Fail("attestation_challenge_over"))
    return request_hash(challenge, moment_id, coupon_id)


def _keep(database: Database, device_id: str, kind: str, found: Judged) -> None:
    with database.transaction() as session:
        keeping.keep(session, device_id, kind, found.level, dict(found.facts), at=database.clock.now())


def _apple(settings: SecuritySettings) -> AppAttest:
    if not settings.app_attest_apps or settings.app_attest_root_file is None:
        raise AttestationNotSetUp
    try:
        root = _root(settings.app_attest_root_file, settings.app_attest_root_file.stat().st_mtime_ns)
    except (OSError, ValueError):
        raise AttestationNotSetUp("MOMENTS_SECURITY__APP_ATTEST_ROOT_FILE cannot be read as a certificate in PEM") from None
    return AppAttest(settings.app_attest_apps, root, settings.app_attest_development)


@lru_cache(maxsize=2)
def _root(path: Path, _modified_ns: int) -> Root:
    return root_of(path.read_bytes())


"""Play Integrity: what Google says about an Android phone, sealed and signed for us.

Owns opening a verdict and judging it. Must not touch the database, and speaks to nobody: the keys come from the Play Console.
Source: Android developers, "Integrity verdicts" and "Decrypt and verify integrity verdicts locally".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey

from app.kernel.verdict import Fail
from app.security.devices.binding import as_text
from app.security.devices.standing import Level

MAX_CHARS = 40_000
MOST_AGE_S = 300
AHEAD_S = 60


@dataclass(frozen=True, slots=True)
class Judged:
    """What the evidence comes to, and the facts behind it (no id of a phone is among them)."""

    level: Level
    facts: Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True, repr=False)
class PlayIntegrity:
    """`decryption_key` (AES) and `verification_key` (EC, DER) in base64 as the Play Console shows them."""

    package_names: Sequence[str]
    decryption_key: str
    verification_key: str

    def verdict(self, token: str, request_hash: bytes, at: datetime) -> Judged | Fail:
        """Fail(`attestation_...`) for a verdict that is not Google's, not for this request, or not of our app."""
        try:
            document = self._opened(token)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            return Fail("attestation_not_genuine")
        asked = _part(document, "requestDetails")
        if asked.get("requestHash") != as_text(request_hash):
            return Fail("attestation_other_request")
        if asked.get("requestPackageName") not in self.package_names:
            return Fail("attestation_other_app")
        if not _fresh(asked.get("timestampMillis"), at):
            return Fail("attestation_too_old")
        return _judged(document, self.package_names)

    def _opened(self, token: str) -> Mapping[str, Any]:
        if len(token) > MAX_CHARS:
            raise ValueError("too long")
        sealed = jwe.decrypt_compact(token, OctKey.import_key(base64.b64decode(self.decryption_key)), algorithms=["A256KW", "A256GCM"])
        public = ECKey.import_key(_pem(self.verification_key))
        document = json.loads(jws.deserialize_compact(sealed.plaintext or b"", public, algorithms=["ES256"]).payload)
        if not isinstance(document, dict):
            raise TypeError("not an object")
        return cast("dict[str, Any]", document)


def _judged(document: Mapping[str, Any], package_names: Sequence[str]) -> Judged | Fail:
    app, device, account = (_part(document, name) for name in ("appIntegrity", "deviceIntegrity", "accountDetails"))
    recognised = app.get("appRecognitionVerdict") == "PLAY_RECOGNIZED" and app.get("packageName") in package_names
    licence = str(account.get("appLicensingVerdict", "UNEVALUATED"))[:20]
    labels = device.get("deviceRecognitionVerdict")
    met = {str(label) for label in cast("list[Any]", labels)} if isinstance(labels, list) else set[str]()
    if not recognised:
        return Fail("attestation_other_app")
    if "MEETS_STRONG_INTEGRITY" in met and licence == "LICENSED":
        level = Level.STRONG
    elif "MEETS_DEVICE_INTEGRITY" in met or "MEETS_STRONG_INTEGRITY" in met:
        level = Level.ATTESTED
    else:
        level = Level.SOFTWARE if "MEETS_BASIC_INTEGRITY" in met else Level.UNKNOWN
    return Judged(level, {"licence": licence, "labels": " ".join(sorted(met))[:200]})


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _fresh(millis: Any, at: datetime) -> bool:
    if not isinstance(millis, (str, int)) or isinstance(millis, bool) or not str(millis).isdecimal() or len(str(millis)) > 15:
        return False
    return -AHEAD_S <= at.timestamp() - int(millis) / 1000 <= MOST_AGE_S


def _pem(der: str) -> bytes:
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(base64.b64decode(der)) + b"-----END PUBLIC KEY-----\n"

"""Security event tokens (RFC 8417): another system warns us of a phone or a person, and signs that it was it who said so.

Owns reading one token and checking it. Must not act on it (effects.py). Every call into the library `joserfc` about them is here.
Sources: RFC 8417, RFC 9493 (subject identifiers), OpenID CAEP 1.0 (event types).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.kernel.verdict import Fail

ALGORITHMS = ("ES256", "RS256")
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
MAX_CHARS = 20_000
AHEAD_S = 60
LAST_S = 2**36


@dataclass(frozen=True, slots=True)
class Warned:
    """One event of a token. `kind` is the CAEP type without its address, `ids` are the subject's ids by what they name (`device`,
    `user`, `session`, or `` for a plain one), `said` is the event's own payload, `at` when it happened."""

    kind: str
    ids: Mapping[str, str]
    said: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class SecurityEvents:
    """A token that holds: who sent it, its name (`jti`), when it was made, and what it tells."""

    issuer: str
    jti: str
    made_at: datetime
    events: tuple[Warned, ...]


class UnreadableKeys(ValueError):
    """The file of transmitters' keys is missing or no JWKS."""


def keys_of(path: Path) -> KeySet:
    """The public keys of the transmitters, read anew when the file has changed. Raises UnreadableKeys."""
    try:
        return _keys(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
        raise UnreadableKeys(str(path)) from error


@lru_cache(maxsize=4)
def _keys(path: Path, _modified_ns: int) -> KeySet:
    return KeySet.import_key_set(json.loads(path.read_text(encoding="utf-8")))


def read(text: str, keys: KeySet, *, issuers: Sequence[str], audience: str, at: datetime, max_age_s: int) -> SecurityEvents | Fail:
    """A token that one of `issuers` signed for `audience` at most `max_age_s` ago. Fail(`set_...`) with RFC 8935's error as `err`."""
    if len(text) > MAX_CHARS:
        return Fail("set_malformed", {"err": "invalid_request"})
    try:
        signed = jws.deserialize_compact(text, keys, algorithms=ALGORITHMS)
        header, claims = signed.headers(), json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return Fail("set_not_signed", {"err": "invalid_key"})
    if header.get("typ") != "secevent+jwt" or not isinstance(claims, dict):
        return Fail("set_malformed", {"err": "invalid_request"})
    said = cast("dict[str, Any]", claims)
    if said.get("iss") not in issuers:
        return Fail("set_other_issuer", {"err": "invalid_issuer"})
    audiences = said.get("aud")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        return Fail("set_other_audience", {"err": "invalid_audience"})
    jti, made_at = said.get("jti"), _instant(said.get("iat"))
    if not isinstance(jti, str) or not 0 < len(jti) <= 255 or made_at is None:
        return Fail("set_malformed", {"err": "invalid_request"})
    age_s = (at - made_at).total_seconds()
    if not -AHEAD_S <= age_s <= max_age_s:
        return Fail("set_too_old", {"err": "invalid_request"})
    return SecurityEvents(str(said["iss"]), jti, made_at, tuple(_events(said, made_at)))


def _events(said: Mapping[str, Any], made_at: datetime) -> Sequence[Warned]:
    events = said.get("events")
    found: list[Warned] = []
    for address, payload in cast("dict[str, Any]", events).items() if isinstance(events, dict) else ():
        body = cast("dict[str, Any]", payload) if isinstance(payload, dict) else {}
        happened = _instant(body.get("event_timestamp")) or made_at
        found.append(Warned(str(address).removeprefix(CAEP), _ids(said.get("sub_id") or body.get("subject")), body, min(happened, made_at)))
    return found


def _ids(subject: Any) -> dict[str, str]:
    """RFC 9493: an `opaque` id is one of ours; a `complex` subject names several."""
    if not isinstance(subject, dict):
        return {}
    named = cast("dict[str, Any]", subject)
    if named.get("format") == "opaque":
        return {"": str(named.get("id", ""))[:60]}
    parts = {kind: _ids(named.get(kind)).get("", "") for kind in ("device", "user", "session")}
    return {kind: value for kind, value in parts.items() if value}


def _instant(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LAST_S:
        return None
    return datetime.fromtimestamp(value, UTC)

"""Proof of possession (RFC 9449): a request is signed with a key that only this phone has.

Owns the check of one proof. Must not touch the database (once.py keeps what was seen) nor a request (holding.py takes it apart).
Every call into the library `joserfc` about proofs is here.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.kernel.verdict import Fail

ALGORITHMS = ("ES256",)
"""What the secure hardware of phones signs with."""
MAX_CHARS = 2_000
LAST_S = 2**40
"""No clock says more; NaN and infinity are no times."""
_JTI = re.compile(r"[\x21-\x7e]{8,255}")


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds. `key` is the thumbprint of its public key (RFC 7638), `jti` names it, `until_s` is when it is too old."""

    key: str
    jti: str
    until_s: int


def check(
    text: str,
    *,
    method: str,
    address: str,
    now_s: float,
    max_age_s: int,
    token: str | None = None,
    key: str | None = None,
    nonces: Collection[str] | None = None,
) -> Proof | Fail:
    """Is `text` a proof for this request, made at most `max_age_s` ago (or ahead)? RFC 9449 section 4.3, in its order.

    `address` is compared without query and fragment. `token` is the access token that comes with it (its hash must be in the
    proof), `key` the thumbprint it is bound to. `nonces`: one of these must be in it; None asks for none. Whether the proof
    was seen before is not known here. Fail(`dpop_...`) says which check did not hold.
    """
    if len(text) > MAX_CHARS:
        return Fail("dpop_malformed")
    try:
        header = cast("dict[str, Any]", jws.extract_compact(text.encode("ascii", "replace")).headers())
        jwk = header.get("jwk")
        if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS or not isinstance(jwk, dict) or "d" in jwk:
            return Fail("dpop_malformed")
        public = ECKey.import_key(cast("dict[str, Any]", jwk))
        claims = json.loads(jws.deserialize_compact(text, public, algorithms=ALGORITHMS).payload)
        thumbprint = public.thumbprint()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return Fail("dpop_malformed")
    return _claims(claims, thumbprint, method, address, now_s, max_age_s, token, key, nonces)


def _claims(
    claims: Any, thumbprint: str, method: str, address: str, now_s: float, max_age_s: int, token: str | None, key: str | None, nonces: Collection[str] | None
) -> Proof | Fail:
    if not isinstance(claims, dict):
        return Fail("dpop_malformed")
    said = cast("dict[str, Any]", claims)
    jti, made_s = said.get("jti"), said.get("iat")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti) or not isinstance(made_s, (int, float)) or isinstance(made_s, bool) or not abs(made_s) < LAST_S:
        return Fail("dpop_malformed")
    if said.get("htm") != method or _place(said.get("htu")) != _place(address):
        return Fail("dpop_other_request")
    if nonces is not None and said.get("nonce") not in nonces:
        return Fail("dpop_nonce_needed")
    if not abs(now_s - made_s) <= max_age_s:
        return Fail("dpop_too_old", {"apart_s": int(abs(now_s - made_s)), "max_age_s": max_age_s})
    if token is not None and said.get("ath") != token_hash(token):
        return Fail("dpop_other_token")
    if key is not None and key != thumbprint:
        return Fail("dpop_other_key")
    return Proof(thumbprint, jti, int(made_s) + 2 * max_age_s)


def token_hash(token: str) -> str:
    """`ath`: SHA-256 of the token in base64url without padding."""
    return urlsafe_b64encode(hashlib.sha256(token.encode("ascii", "replace")).digest()).rstrip(b"=").decode()


def _place(address: object) -> tuple[str, str, str] | None:
    """Scheme, host with port and path of an address; what follows them does not count (RFC 9449 section 4.3, point 9)."""
    if not isinstance(address, str):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        return None
    return parts.scheme.lower(), f"{(parts.hostname or '').lower()}:{port}", parts.path or "/"

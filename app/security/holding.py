"""Does the caller hold the key her token is bound to? Taking the request apart for dpop.py, and refusing as RFC 9449 says.

Owns the header `DPoP`, the challenge of a refusal, and that a proof counts once. Must not know who the caller is.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from app.kernel.clock import from_epoch_s
from app.kernel.db import Database
from app.kernel.errors import Unauthenticated
from app.kernel.verdict import Fail
from app.security import dpop, once
from app.security.reasons import REASONS
from app.security.sealing import keyed_hash
from app.security.settings import SecuritySettings

NONCE_STEP_S = 300
FORM_COOKIE = "moments_proof"
"""Where a browser puts the proof of a request that is sent by a form: such a one carries no header of ours (app/web/static/js/key.js)."""


class ProofRefused(Unauthenticated):
    """This token works only with a proof that you hold the key it was given for; sign this very request with it (header `DPoP`)."""

    code = "invalid_dpop_proof"


class ProofNonceNeeded(Unauthenticated):
    """Put the nonce of the header `DPoP-Nonce` into the proof and send the request again."""

    code = "use_dpop_nonce"


def require_key(request: Request, database: Database, settings: SecuritySettings, *, token: str | None = None, key: str | None = None, by_form: bool = False) -> str:
    """The thumbprint of the key this request is signed with; `token` and `key` as in `dpop.check`. Raises ProofRefused 401 (also
    for a proof that was seen before) or ProofNonceNeeded 401. `by_form`: the proof is looked for in the cookie of forms."""
    given = [_of_form(request)] if by_form else request.headers.getlist("dpop")
    now = database.clock.now()
    proof = dpop.check(
        given[0] if len(given) == 1 else "",
        method=request.method,
        address=_address(request),
        now_s=now.timestamp(),
        max_age_s=settings.dpop_max_age_s,
        token=token,
        key=key,
        nonces=nonces(now.timestamp()) if settings.dpop_nonce else None,
    )
    if isinstance(proof, Fail):
        raise _refusal(proof, now.timestamp())
    with database.transaction() as session:
        first = once.first_time(session, "dpop", proof.key, proof.jti, until=from_epoch_s(proof.until_s))
    if not first:
        raise _refusal(Fail("dpop_seen_before"), now.timestamp())
    return proof.key


def _of_form(request: Request) -> str:
    """The proof for this very address: one of a moment ago for an address above it may come along, and browsers name the nearest first (RFC 6265, 5.4)."""
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == FORM_COOKIE), "")


def _refusal(fail: Fail, now_s: float) -> Unauthenticated:
    wants_nonce = fail.reason == "dpop_nonce_needed"
    kind = ProofNonceNeeded if wants_nonce else ProofRefused
    words = REASONS[fail.reason]
    headers = {"WWW-Authenticate": f'DPoP error="{kind.code}", error_description="{words}", algs="{" ".join(dpop.ALGORITHMS)}"'}
    if wants_nonce:
        headers["DPoP-Nonce"] = nonces(now_s)[0]
    return kind(words, extra={"reason": fail.reason, **fail.facts}, headers=headers)


def nonces(now_s: float) -> tuple[str, str]:
    """Those of this and of the last five minutes; every process has the same ones and none is stored."""
    step = int(now_s) // NONCE_STEP_S
    return keyed_hash("dpop_nonce", str(step)), keyed_hash("dpop_nonce", str(step - 1))


def _address(request: Request) -> str:
    """What the phone called: at the address people see where one is set, for behind a proxy we are called otherwise."""
    public: Any = getattr(getattr(request.app.state.house, "settings", None), "public_url", "")
    return f"{(public or f'{request.url.scheme}://{request.url.netloc}').rstrip('/')}{request.url.path}"

"""What comes in from a provider: believed, and only once.

Owns the refusal and the store of what was taken in. Must not know what a request says. Call `believe` with the verdict of a verifier on
the raw body before anything is parsed, and `first_time` in the transaction that does the work.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from app.kernel.verdict import Fail, Verdict
from app.security import once

log = get_logger(__name__)

REMEMBERED_S = 30 * 86_400
"""Longer than any provider tries again, so that a late repeat is known."""


class BadSignature(AppError):
    """The request was not signed by whom it says it comes from, or was changed on its way."""

    status = 401
    code = "bad_signature"


def believe(provider: str, verdict: Verdict) -> None:
    """Returns when the signature holds. Raises `BadSignature`, which says what is wrong and nothing of what would be right."""
    if isinstance(verdict, Fail):
        log.warning("inbound_refused", provider=provider, reason=verdict.reason)
        raise BadSignature(_SENTENCES.get(verdict.reason, ""), extra={"reason": verdict.reason})


def first_time(session: Session, provider: str, message_id: str, at: datetime, *, keep_s: float = REMEMBERED_S) -> bool:
    """True for the first request with this id; a repeat, by whomever, is answered the same and has no effect."""
    return once.first_time(session, f"inbound_{provider}", message_id, until=at + timedelta(seconds=keep_s))


def known(session: Session, provider: str, message_id: str) -> bool:
    """Whether it was taken in before; for what costs something and is not part of the work. `first_time` decides."""
    return once.known(session, f"inbound_{provider}", message_id)


_SENTENCES = {
    "signature_missing": "the request carries no signature; send the provider's own headers",
    "signature_malformed": "the signature is not in the form its provider gives it",
    "signature_wrong": "the signature is not that of this body; pass the body on as it came, and check the secret",
    "signature_old": "it was signed too long ago; check the clocks",
    "signature_from_the_future": "it was signed in the future; check the clocks",
}

"""The key a browser keeps for itself: bound to its session, shown with the requests that count.

A page cannot give a cookie to a key, and a request for a page carries no header of ours. So a session works without its key, and whether
the key was shown is a fact for the rules (app/security/policies): a copied cookie looks around, and gets nothing of value.

Owns binding a key and whether a request is signed with it. Must not decide what follows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session
from starlette.requests import Request

from app.kernel.db import Database, moved
from app.kernel.errors import Conflict
from app.security.holding import FORM_COOKIE, ProofNonceNeeded, ProofRefused, require_key
from app.security.models import SessionRow
from app.security.principals import Principal
from app.security.settings import SecuritySettings

SEEN_STEP = timedelta(hours=6)
"""`key_seen_at` is this coarse: a write for every request would be one too many."""
FORGOTTEN_AFTER = timedelta(days=7)
"""Browsers throw away what a page keeps when nobody was there for a week; the cookie stays. Another key may then take the place."""
PROVED_LATELY = timedelta(minutes=5)


class AnotherKeyHeld(Conflict):
    """This session is bound to the key of a browser, and it is not this one; show your passkey (`POST /v1/step-up`), then bind again."""

    code = "another_key_held"


def shown_by(request: Request, database: Database, settings: SecuritySettings, caller: Principal, token: str, seen_at: datetime | None) -> Principal:
    """The caller, with `key_shown` when this request is signed with the key her session is bound to. A proof that does not hold is as none:
    the rules say what follows. Raises ProofNonceNeeded 401, so that it can be made anew."""
    by_form = "dpop" not in request.headers
    if by_form and FORM_COOKIE not in request.cookies:
        return caller
    try:
        require_key(request, database, settings, token=token, key=caller.browser_key, by_form=by_form)
    except ProofRefused:
        return caller
    except ProofNonceNeeded:
        if by_form:  # nobody would send it again
            return caller
        raise
    at = database.clock.now()
    if seen_at is None or seen_at <= at - SEEN_STEP:
        with database.transaction() as session:
            session.execute(update(SessionRow).where(SessionRow.id == caller.session_id).values(key_seen_at=at))
    return replace(caller, key_shown=True)


def bind(session: Session, session_id: str, key: str, *, at: datetime) -> None:
    """From now on the session is this key's. Raises AnotherKeyHeld 409 while it is another's: one that was shown within a week, and no passkey
    or password within minutes. Of several at once one is taken."""
    s = SessionRow
    free = or_(s.key_thumbprint.is_(None), s.key_thumbprint == key, s.key_seen_at <= at - FORGOTTEN_AFTER)
    hers = or_(*(and_(proved >= at - PROVED_LATELY, proved > s.key_seen_at) for proved in (s.passkey_at, s.password_at)))  # without the key it replaces
    mine = update(s).where(s.id == session_id, s.revoked_at.is_(None), or_(free, hers))
    if not moved(session, mine.values(key_thumbprint=key, key_seen_at=at)):
        raise AnotherKeyHeld

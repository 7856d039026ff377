"""Global Privacy Control: a browser that says once, for every site, that its owner does not want to be profiled, approached or counted.

Owns reading the signal and obeying it, at every route (`heed`; the gate of each tells it). It needs no sign-in and no form: what had been agreed is withdrawn with the first request that
carries it, and stays so when a later request does not. A request that carries it cannot grant those purposes either; one without it, from
an app or another browser, is a later and specific word of hers, and counts. https://w3c.github.io/gpc/
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request

from app.kernel.db import Database
from app.privacy.consents import consents, set_consent
from app.privacy.errors import OptedOutBySignal
from app.privacy.purposes import ENDED_BY_SIGNAL, Purpose
from app.security.principals import Principal, Role

SOURCE = "gpc"
HEADER = "sec-gpc"
WELL_KNOWN = {"gpc": True, "lastUpdate": "2026-11-22"}
"""/.well-known/gpc.json: that the signal is obeyed here."""


def opted_out(request: Request) -> bool:
    """Whether the request carries the signal: the header with the value 1, and nothing else."""
    return request.headers.get(HEADER, "").strip() == "1"


def heed(request: Request, caller: Principal) -> None:
    """Told by the gate of every route (app/main.py): whoever is known and signals is obeyed before the route does anything."""
    if caller.kind is Role.SHOPPER:
        obey(request.app.state.house.database, request, caller.id)


def obey(database: Database, request: Request, shopper_id: str) -> None:
    """Withdraw what the signal opts out of, once: afterwards nothing is left to withdraw, and nothing is written."""
    if not opted_out(request):
        return
    at = database.clock.now()
    with database.reading() as session:
        granted = [Purpose(view.purpose) for view in consents(session, shopper_id, at) if view.granted and view.purpose in ENDED_BY_SIGNAL]
    if granted:
        with database.transaction() as session:
            end(session, shopper_id, granted, at)


def end(session: Session, shopper_id: str, purposes: list[Purpose], at: datetime) -> None:
    for purpose in purposes:
        set_consent(session, shopper_id, purpose, granted=False, source=SOURCE, at=at)


def refuse_grant(request: Request, purpose: Purpose) -> None:
    """Raises `OptedOutBySignal` where a request that carries the signal would grant what it opts out of."""
    if purpose in ENDED_BY_SIGNAL and opted_out(request):
        raise OptedOutBySignal

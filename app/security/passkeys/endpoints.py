"""The routes of passkeys: make, list, rename, remove; show one to step up, or to come in on another device.

Owns the HTTP side. Must not store answers for retries: a challenge is good once, so a repeated request begins again.
"""

from __future__ import annotations

import secrets as randomness
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.db import Database
from app.kernel.http import Reading
from app.security import challenges, people, stepup
from app.security.access import allow, security_settings, start_shopper_session
from app.security.cookies import set_session_cookie
from app.security.devices import freezing
from app.security.passkeys import keeping, proving
from app.security.passkeys.errors import ChallengeOver, PasskeyRefused, PasskeysNotHere
from app.security.passkeys.keeping import PasskeyView
from app.security.passkeys.relying_party import RelyingParty, relying_party
from app.security.passkeys.schemas import (
    ChallengeOut,
    PasskeyIn,
    PasskeyOut,
    PasskeysOut,
    RenameIn,
    ShownIn,
    SteppedUpOut,
)
from app.security.policies.contracts import Acr
from app.security.principals import ANYONE, STAFF, Principal, Role
from app.security.schemas import SignInOut

router = APIRouter(tags=["passkeys"])

VISIT = "moments_visit"
"""The cookie to which the challenge of somebody unknown is bound: only the browser that asked can answer."""

Known = Annotated[Principal, Depends(allow(Role.SHOPPER, *STAFF))]
Prover = Annotated[Principal, Depends(allow(Role.SHOPPER, *STAFF, limit="passkey"))]
Guest = Annotated[Principal, Depends(allow(ANYONE, limit="passkey"))]
Id = str


def party_of(request: Request) -> RelyingParty:
    """The relying party at the address people see, or where none is set, at the one this request came to."""
    settings = security_settings(request)
    public: Any = getattr(getattr(request.app.state.house, "settings", None), "public_url", "")
    return relying_party(public or f"{request.url.scheme}://{request.url.netloc}", settings.rp_id, settings.rp_origins)


def _party(request: Request) -> RelyingParty:
    party = party_of(request)
    if not party.usable:
        raise PasskeysNotHere
    return party


@router.post("/v1/passkeys/making", response_model=ChallengeOut)
def begin_passkey(caller: Prover, request: Request) -> ChallengeOut:
    """Begin to make a passkey. Whoever has one already (or a password) shows it first: 401 asks for that."""
    settings, database = security_settings(request), _database(request)
    options = proving.begin_making(database, caller, _party(request), ttl_s=settings.challenge_ttl_s, fresh_s=settings.passkey_change_fresh_s)
    return ChallengeOut(public_key=options)


@router.post("/v1/passkeys", response_model=PasskeyOut, status_code=201)
def add_passkey(body: PasskeyIn, caller: Prover, request: Request) -> PasskeyView:
    """Keep the passkey that the browser has made."""
    fresh_s = security_settings(request).passkey_change_fresh_s
    return proving.finish_making(_database(request), caller, _party(request), body.credential, body.name, fresh_s=fresh_s)


@router.get("/v1/passkeys", response_model=PasskeysOut)
def list_passkeys(caller: Known, call: Reading) -> Response:
    """Your passkeys, oldest first."""
    return call.run(lambda session: {"passkeys": keeping.views(session, caller)})


@router.patch("/v1/passkeys/{passkey_id}", response_model=PasskeyOut)
def rename_passkey(passkey_id: Id, body: RenameIn, caller: Known, request: Request) -> PasskeyView:
    """Give it a name you will recognise."""
    with _database(request).transaction() as session:
        return keeping.rename(session, caller, passkey_id, body.name)


@router.delete("/v1/passkeys/{passkey_id}", status_code=204)
def remove_passkey(passkey_id: Id, caller: Known, request: Request) -> Response:
    """It opens nothing any more. A passkey is shown first; one that has become suspect may go without."""
    database = _database(request)
    with database.transaction() as session:
        row = keeping.own(session, caller, passkey_id)
        if row.suspect_at is None:
            proving.require_hers(session, caller, fresh_s=security_settings(request).passkey_change_fresh_s)
        keeping.remove(session, caller, passkey_id)
    return Response(status_code=204)


@router.post("/v1/passkeys/showing", response_model=ChallengeOut)
def begin_showing(caller: Guest, request: Request, response: Response) -> ChallengeOut:
    """Begin to show a passkey: to step up, or to come in. Nobody says who she is; the browser offers what it has."""
    settings = security_settings(request)
    visit = ""
    if not caller.kind:
        visit = randomness.token_urlsafe(24)
        secure = settings.cookie_secure or request.url.scheme == "https"
        response.set_cookie(VISIT, visit, max_age=settings.challenge_ttl_s, path="/v1/", secure=secure, httponly=True, samesite="strict")
    options = proving.begin_showing(_database(request), challenges.asker(caller, visit), _party(request), ttl_s=settings.challenge_ttl_s)
    return ChallengeOut(public_key=options)


@router.post("/v1/step-up", response_model=SteppedUpOut)
def step_up(body: ShownIn, caller: Prover, request: Request) -> SteppedUpOut:
    """Show a passkey of yours in this session: what asked for it may then be done, for as long as it says."""
    database = _database(request)
    owner = proving.shown_by(database, challenges.asker(caller), _party(request), body.credential)
    if owner.id != caller.id:
        raise PasskeyRefused
    with database.transaction() as session:
        at = database.clock.now()
        stepup.note(session, caller, Acr.PASSKEY, at)
        if caller.kind is Role.SHOPPER:
            freezing.proved_again(session, caller.id, at=at)
    return SteppedUpOut(acr=Acr.PASSKEY, auth_time=at)


@router.post("/v1/sessions/passkey", response_model=SignInOut)
def sign_in_with_passkey(body: ShownIn, caller: Guest, request: Request, response: Response) -> SignInOut:
    """Come in with a passkey, in a browser. A shopper's device that calls goes on as the passkey's shopper."""
    database, settings = _database(request), security_settings(request)
    visit = request.cookies.get(VISIT, "")
    if not caller.kind and not visit:
        raise ChallengeOver
    owner = proving.shown_by(database, challenges.asker(caller, visit), _party(request), body.credential)
    with database.transaction() as session:
        at = database.clock.now()
        if owner.kind is Role.SHOPPER:
            return _come_in(session, caller, owner, request, response)
        account = people.person(session, owner.id)
        if account is None:
            raise PasskeyRefused
        opened = people.open_session(session, account.role, at=at, ttl_s=settings.staff_session_ttl_s, person_id=account.person_id)
        stepup.note(session, Principal(account.role, account.person_id, session_id=opened.id), Acr.PASSKEY, at)
    set_session_cookie(response, request, opened, at=at, secure=settings.cookie_secure)
    return SignInOut(role=account.role.value, person_id=account.person_id)


def _come_in(session: Any, caller: Principal, owner: Principal, request: Request, response: Response) -> SignInOut:
    at = session.info["clock"].now()
    account = people.account_of_shopper(session, owner.id)
    if caller.kind is Role.SHOPPER and caller.device_id is not None and caller.holds_key:  # a copied cookie makes her nobody else's
        people.join(session, caller.device_id, owner.id)
        comes = caller
    else:
        comes = start_shopper_session(session, request, response, at=at, shopper_id=owner.id)
    stepup.note(session, comes, Acr.PASSKEY, at)
    freezing.proved_again(session, owner.id, at=at)
    return SignInOut(role=Role.SHOPPER.value, person_id=account.person_id if account else "", shopper_id=owner.id, device_id=comes.device_id)


def _database(request: Request) -> Database:
    return request.app.state.house.database

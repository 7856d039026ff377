"""The routes by which people come, say who they are, and leave.

Owns the HTTP side of devices, accounts, sessions, links and API keys. Must not store an answer that holds a secret in
the clear: answers with new credentials are sealed before the idempotency table sees them, and requests with a password
are not put there at all (the table keeps a plain hash of the request, against which a password could be guessed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.errors import AppError, Invalid, NotFound
from app.kernel.http import Command, CommandCall, Reading, to_json
from app.kernel.idempotency import Answer
from app.security import accounts, passwords, people
from app.security.access import allow, caller_of, security_settings, start_shopper_session
from app.security.asking import Asker, asker_of
from app.security.audit import journal
from app.security.cookies import drop_session_cookie, set_session_cookie
from app.security.devices import freezing
from app.security.entrance import PAGE_OF, enter_page, refused_page
from app.security.errors import WrongCredentials
from app.security.holding import require_key
from app.security.limits import spend
from app.security.policies.contracts import Acr, Action
from app.security.principals import ANYONE, STAFF, Principal, Role
from app.security.schemas import (
    AccountIn,
    AccountOut,
    ApiKeyIn,
    ApiKeyOut,
    DeviceIn,
    DeviceOut,
    MeOut,
    SignInIn,
    SignInOut,
)
from app.security.sealing import seal
from app.security.stepup import note
from app.security.vault import open_for, seal_for

router = APIRouter(tags=["people"])

MIN_SECRET_KEY_CHARS = 16

Newcomer = Annotated[Principal, Depends(allow(ANYONE, limit="devices"))]
Guest = Annotated[Principal, Depends(allow(ANYONE, limit="sign_in"))]
LinkHolder = Annotated[Principal, Depends(allow(ANYONE, limit="link_use"))]
Known = Annotated[Principal, Depends(allow(Role.SHOPPER, *STAFF))]
Claimer = Annotated[Principal, Depends(allow(Role.SHOPPER, *STAFF, limit="sign_in"))]
Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]


@router.post("/v1/devices", response_model=DeviceOut, status_code=201)
def add_device(body: DeviceIn, _caller: Newcomer, call: Command) -> Response:
    """A phone or browser becomes a device of a new anonymous shopper. Nothing is agreed to by this.

    With a proof of a key (header `DPoP`, RFC 9449) the token works only together with that key.
    """
    at, key = call.clock.now(), _key_of(call.request)
    if body.web:
        if key is not None:
            raise Invalid.field("web", "a browser's cookie cannot be bound to a key; leave the header DPoP out")
        response = Response(status_code=201, media_type="application/json")
        with call.database.transaction() as session:
            new = start_shopper_session(session, call.request, response, at=at, name=body.name)
        response.body = to_json(DeviceOut(shopper_id=new.id, device_id=new.device_id or "", token=None, tracking_key=None))
        response.headers["content-length"] = str(len(response.body))
        return response

    def work(session: Session) -> Answer:
        made = people.register_device(session, body.name, body.platform, at, key=key)
        return _sealed_for(made.shopper_id, DeviceOut(shopper_id=made.shopper_id, device_id=made.device_id, token=made.token, tracking_key=made.tracking_key))

    return _run_sealed(call, work)


@router.get("/v1/me", response_model=MeOut)
def me(caller: Known, call: Reading) -> Response:
    """Who the server takes the caller for."""

    def work(session: Session) -> MeOut:
        found = people.account_of_shopper(session, caller.id) if caller.kind is Role.SHOPPER else people.person(session, caller.id)
        return MeOut(
            role=str(caller.kind),
            id=caller.id,
            device_id=caller.device_id,
            place_ids=caller.place_ids,
            email=found.email if found else None,
            scopes=caller.scopes,
        )

    return call.run(work)


@router.post("/v1/account", response_model=AccountOut)
def claim_account(body: AccountIn, caller: Claimer, request: Request) -> AccountOut:
    """Give yourself an e-mail address and a password, to sign in on another device. Sending the same address again replaces the password, which takes the current one."""
    email = accounts.accepted_email(body.email)
    password_hash = passwords.hashed(passwords.accepted(body.password, email))
    database: Database = request.app.state.house.database
    asker = asker_of(request, just_proved=_proved_by_password(database, caller, body.current_password))

    def claim(asker: Asker) -> str:
        with database.transaction() as session:
            asker.allow(session, Action.CHANGE_PASSWORD, at=database.clock.now())
            return accounts.claim_account(session, caller, email, password_hash, at=database.clock.now()).person_id

    return AccountOut(person_id=asker.informed(claim), email=email)


def _proved_by_password(database: Database, caller: Principal, password: str | None) -> Acr | None:
    """Raises WrongCredentials for one that is not hers."""
    if password is None:
        return None
    with database.reading() as session:
        account = accounts.account_of_shopper(session, caller.id) if caller.kind is Role.SHOPPER else accounts.person(session, caller.id)
    if not passwords.verified(password, account.password_hash if account else None):
        raise WrongCredentials
    return Acr.PASSWORD


@router.post("/v1/sessions", response_model=SignInOut)
def sign_in(body: SignInIn, caller: Guest, request: Request, response: Response) -> SignInOut:
    """Sign in with e-mail address and password. A shopper's device that calls goes on as the account's shopper."""
    database: Database = request.app.state.house.database
    settings = security_settings(request)
    try:
        email = accounts.accepted_email(body.email)
    except Invalid:
        raise WrongCredentials from None
    spend(database, settings.limit("sign_in"), f"email:{email}")
    with database.reading() as session:
        account = accounts.account_by_email(session, email)
    if not passwords.verified(body.password, account.password_hash if account else None) or account is None:
        raise WrongCredentials
    key = _key_of(request)
    with database.transaction() as session:
        at = database.clock.now()
        if account.shopper_id is not None:
            return _sign_in_shopper(session, account.person_id, account.shopper_id, body, caller, request, response, key)
        opened = people.open_session(session, account.role, at=at, ttl_s=settings.staff_session_ttl_s, person_id=account.person_id)
        note(session, Principal(account.role, account.person_id, session_id=opened.id), Acr.PASSWORD, at)
        if body.web:
            set_session_cookie(response, request, opened, at=at, secure=settings.cookie_secure)
    return SignInOut(role=account.role.value, person_id=account.person_id, token=None if body.web else opened.token)


def _sign_in_shopper(
    session: Session, person_id: str, shopper_id: str, body: SignInIn, caller: Principal, request: Request, response: Response, key: str | None
) -> SignInOut:
    answer = SignInOut(role=Role.SHOPPER.value, person_id=person_id, shopper_id=shopper_id)
    at = request.app.state.house.database.clock.now()
    freezing.proved_again(session, shopper_id, at=at)
    if caller.kind is Role.SHOPPER and caller.device_id is not None and caller.holds_key:  # a copied cookie makes her nobody else's
        people.join(session, caller.device_id, shopper_id)
        note(session, caller, Acr.PASSWORD, at)
        return answer.model_copy(update={"device_id": caller.device_id})
    if body.web:
        new = start_shopper_session(session, request, response, at=at, name=body.name, shopper_id=shopper_id)
        note(session, new, Acr.PASSWORD, at)
        return answer.model_copy(update={"device_id": new.device_id})
    made = people.register_device(session, body.name, body.platform, at, shopper_id=shopper_id, key=key)
    note(session, Principal(Role.SHOPPER, shopper_id, made.device_id), Acr.PASSWORD, at)
    return answer.model_copy(update={"device_id": made.device_id, "token": made.token, "tracking_key": made.tracking_key})


@router.delete("/v1/sessions/current", status_code=204)
def sign_out(caller: Known, request: Request) -> Response:
    """End this session; a device that signs out is forgotten and would register anew."""
    database: Database = request.app.state.house.database
    response = Response(status_code=204)
    with database.transaction() as session:
        at = database.clock.now()
        if caller.session_id is not None:
            people.end_session(session, caller.session_id, at=at)
        if caller.device_id is not None:
            people.revoke_device(session, caller.device_id, at=at)
    if caller.via == "cookie" and caller.kind is not None:
        drop_session_cookie(response, caller.kind)
    return response


@router.get("/enter/{link_token}", include_in_schema=False)
def look_at_link(link_token: str, _caller: LinkHolder, request: Request) -> Response:
    """A page with a button. Looking does not use the link."""
    database: Database = request.app.state.house.database
    try:
        with database.reading() as session:
            role = people.check_link(session, link_token, at=database.clock.now())
    except AppError as refusal:
        return refused_page(refusal.status, refusal.detail)
    return enter_page(role)


@router.post("/enter/{link_token}", include_in_schema=False)
def use_link(link_token: str, _caller: LinkHolder, request: Request) -> Response:
    """Use the link: set the cookie, go to the role's page."""
    database: Database = request.app.state.house.database
    settings = security_settings(request)
    try:
        with database.transaction() as session:
            at = database.clock.now()
            used = people.use_link(session, link_token, at=at)
            ttl_s = settings.session_ttl_s if used.role is Role.SHOPPER else settings.staff_session_ttl_s
            opened = people.open_session(session, used.role, at=at, ttl_s=ttl_s, shopper_id=used.shopper_id, person_id=used.person_id, device_id=used.device_id)
    except AppError as refusal:
        return refused_page(refusal.status, refusal.detail)
    response = RedirectResponse(PAGE_OF[used.role], status_code=303)
    set_session_cookie(response, request, opened, at=at, secure=settings.cookie_secure)
    return response


@router.get("/v1/api-keys")
def list_api_keys(_caller: Operator, call: Reading) -> Response:
    """All keys, without the keys."""
    return call.run(lambda session: {"api_keys": people.list_api_keys(session)})


@router.post("/v1/api-keys", response_model=ApiKeyOut, status_code=201)
def make_api_key(body: ApiKeyIn, caller: Operator, call: Command) -> Response:
    """Make a key for a server; the answer is the only time it is told."""

    def work(session: Session) -> Answer:
        asker_of(call.request).allow(session, Action.ISSUE_KEY, at=call.clock.now())
        made = people.make_api_key(session, body.name, body.scopes, made_by=caller.id, at=call.clock.now())
        journal.note(session, "api_key.made", by=caller, detail={"key": made.id, "scopes": list(made.scopes)}, at=call.clock.now())
        return _sealed(ApiKeyOut(id=made.id, key=made.key, shown=made.shown, name=made.name, scopes=made.scopes))

    return _run_sealed(call, work)


@router.delete("/v1/api-keys/{key_id}", status_code=204)
def revoke_api_key(key_id: str, caller: Operator, call: Command) -> Response:
    """The key stops working with the next request. Revoking it again is answered the same."""

    def work(session: Session) -> None:
        asker_of(call.request).allow(session, Action.REVOKE_KEY, at=call.clock.now())
        if people.revoke_api_key(session, key_id, at=call.clock.now()):
            journal.note(session, "api_key.revoked", by=caller, detail={"key": key_id}, at=call.clock.now())
        elif all(k.id != key_id for k in people.list_api_keys(session)):
            raise NotFound

    call.run(work)
    return Response(status_code=204)


def _key_of(request: Request) -> str | None:
    """The key a new device brings with it; None when it brings none. A phone that calls with its own token has one already."""
    if "dpop" not in request.headers or "authorization" in request.headers or caller_of(request).browser_key is not None:
        return None
    return require_key(request, request.app.state.house.database, security_settings(request))


def _sealed(answer: ApiKeyOut) -> Answer:
    return Answer(201, seal("credential_answer", to_json(answer)), "application/json")


def _sealed_for(shopper_id: str, answer: DeviceOut) -> Answer:
    return Answer(201, seal_for(shopper_id, "credential_answer", to_json(answer)), "application/json")


def _run_sealed(call: CommandCall, work: Callable[[Session], Answer]) -> Response:
    """`call.run` for an answer with a new credential in it: the idempotency table keeps it sealed.

    Whoever sends the same key is told the same credential, so a key must be one that nobody else can come upon.
    """
    key = call.request.headers.get("idempotency-key")
    if key is not None and len(key) < MIN_SECRET_KEY_CHARS:
        raise Invalid.field("Idempotency-Key", f"at least {MIN_SECRET_KEY_CHARS} characters that cannot be guessed, for example a UUID: the answer holds a secret")
    stored = call.run(work)
    opened = Response(open_for("credential_answer", bytes(stored.body)), stored.status_code, media_type=stored.media_type)
    if "Idempotent-Replayed" in stored.headers:
        opened.headers["Idempotent-Replayed"] = "true"
    opened.headers["Cache-Control"] = "no-store"
    return opened

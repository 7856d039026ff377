"""Her coupon for her wallet, and the service by which Apple's wallet registers the passes it holds and asks for their newest form.

A wallet shows what the pass itself brings as proof, and that opens this one pass and no other: what may be registered, given up and asked
for is what it opens. Which passes of a device have changed is answered to whoever knows the device's id, as the protocol has it: serials
alone, which open nothing. Source: Apple, PassKit Web Service Reference.
"""

from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from app.kernel.errors import AppError, NotFound
from app.kernel.logs import get_logger
from app.security.access import ANYONE, Principal, Role, allow
from app.security.asking import asker_of
from app.security.policies.contracts import Action
from notifications.passes import changes, keeping, showing, wiring
from notifications.passes.contents import PassFacts
from notifications.passes.forms import SERVICE
from notifications.passes.ports import Wallet
from offers import facade as offers

log = get_logger(__name__)

SCHEME = "ApplePass "

router = APIRouter(tags=["notifications"])
wallets = APIRouter(prefix=f"{SERVICE}/v1", tags=["notifications"], include_in_schema=False, dependencies=[Depends(allow(ANYONE))])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(max_length=80)]
Proof = Annotated[str, Header(alias="Authorization", max_length=300)]
Since = Annotated[str, Header(alias="If-Modified-Since", max_length=60)]
Tag = Annotated[str, Query(alias="passesUpdatedSince", max_length=40)]


class Registration(BaseModel):
    """Where a device hears of changes."""

    push_token: Annotated[str, Field(alias="pushToken", min_length=8, max_length=keeping.TOKEN_MOST_CHARS)]


class PassRefused(AppError):
    """The pass does not prove itself; download it anew."""

    status = 401
    code = "pass_refused"


class WalletOff(AppError):
    """This wallet is not set up on this server."""

    status = 409
    code = "wallet_not_configured"


@router.get("/v1/coupons/{coupon_id}/passes/apple")
def apple_pass(coupon_id: Id, caller: Shopper, request: Request) -> Response:
    """Her coupon as a pass for Apple Wallet (.pkpass)."""
    house = request.app.state.house
    return _package(house, _hers(request, coupon_id, caller))


@router.get("/v1/coupons/{coupon_id}/passes/google")
def google_pass(coupon_id: Id, caller: Shopper, request: Request) -> Response:
    """Leads to Google Wallet, which saves her coupon."""
    house = request.app.state.house
    parts = wiring.of(house)
    facts = _hers(request, coupon_id, caller)
    if parts.google is None:
        raise WalletOff
    if parts.tells(Wallet.GOOGLE):
        with house.database.transaction() as session:
            keeping.keep_object(session, facts, caller.id, parts.forms.digest(Wallet.GOOGLE, facts), house.database.clock.now())
    link = parts.google.save_link(parts.forms.of(Wallet.GOOGLE, facts))
    return RedirectResponse(link, status_code=303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


@wallets.get("/passes/{pass_type}/{serial}")
def newest_pass(pass_type: Id, serial: Id, request: Request, proof: Proof = "", since: Since = "") -> Response:
    """The pass as it is now: used, ended and frozen ones are void. 304 when it says what it said then."""
    house = request.app.state.house
    _proved(house, pass_type, serial, proof)
    with house.database.transaction() as session:
        looked = changes.look(session, wiring.of(house).forms, serial, house.database.clock.now())
    if looked is None:
        raise NotFound
    if looked.since is None:
        return _package(house, looked.facts)
    last_modified = {"Last-Modified": format_datetime(looked.since, usegmt=True), "Cache-Control": "no-store"}
    known = _instant(since)
    if known is not None and looked.since <= known:
        return Response(status_code=304, headers=last_modified)
    return _package(house, looked.facts, last_modified)


@wallets.post("/devices/{device}/registrations/{pass_type}/{serial}", status_code=201)
def register_wallet(device: Id, pass_type: Id, serial: Id, told: Registration, request: Request, proof: Proof = "") -> Response:
    """This device holds the pass and wants to hear of changes. 201 the first time, 200 after that."""
    house = request.app.state.house
    _proved(house, pass_type, serial, proof)
    parts, at = wiring.of(house), house.database.clock.now()
    with house.database.transaction() as session:
        coupon, facts = offers.coupon(session, serial, with_code=False), parts.forms.facts(session, serial, at)
        if coupon is None or facts is None:
            raise NotFound
        new = keeping.register(session, facts, coupon.shopper_id, device, told.push_token, at)
        session.info["after_commit"].append(parts.wake)
    return Response(status_code=201 if new else 200)


@wallets.delete("/devices/{device}/registrations/{pass_type}/{serial}")
def forget_wallet(device: Id, pass_type: Id, serial: Id, request: Request, proof: Proof = "") -> Response:
    """This device does not hold the pass any more: nothing is kept of it."""
    house = request.app.state.house
    _proved(house, pass_type, serial, proof)
    with house.database.transaction() as session:
        keeping.unregister(session, serial, device)
    return Response(status_code=200)


@wallets.get("/devices/{device}/registrations/{pass_type}", response_model=None)
def changed_passes(device: Id, pass_type: Id, request: Request, since: Tag = "") -> Response | dict[str, Any]:
    """The passes of this device that have changed since it asked with this tag. 204: none."""
    house = request.app.state.house
    if wiring.of(house).apple is None or pass_type != house.settings.channels.apple_pass_type:
        return Response(status_code=204)
    tag = int(since) if since.isascii() and since.isdigit() else None  # one that is not of ours: all are told
    with house.database.reading() as session:
        found = keeping.changed_since(session, device, tag)
    return Response(status_code=204) if found is None else {"serialNumbers": list(found[0]), "lastUpdated": str(found[1])}


@wallets.post("/log")
def wallet_log(told: Annotated[Any, Body()] = None) -> Response:
    """What a wallet could not do with a pass. Its words may hold anything, so that only their number is logged."""
    lines = told.get("logs") if isinstance(told, dict) else None
    log.warning("wallet_complains", lines=len(lines) if isinstance(lines, list) else 0)
    return Response(status_code=200)


def _proved(house: Any, pass_type: str, serial: str, proof: str) -> None:
    if wiring.of(house).apple is None:
        raise NotFound
    right = proof.startswith(SCHEME) and showing.is_token_of(serial, proof.removeprefix(SCHEME))
    if not right or pass_type != house.settings.channels.apple_pass_type:
        raise PassRefused


def _hers(request: Request, coupon_id: str, caller: Principal) -> PassFacts:
    """A pass holds the code, so a request without her browser's key is asked about as the code itself is."""
    house = request.app.state.house
    with house.database.reading() as session:
        coupon = offers.coupon(session, coupon_id, with_code=False)
        if coupon is not None and coupon.shopper_id == caller.id and not caller.holds_key:
            asker_of(request).allow(session, Action.SEE_OFFER, at=house.database.clock.now())
    facts = _facts(house, coupon_id) if coupon is not None and coupon.shopper_id == caller.id else None
    if facts is None:
        raise NotFound
    return facts


def _facts(house: Any, coupon_id: str) -> PassFacts | None:
    with house.database.reading() as session:
        return wiring.of(house).forms.facts(session, coupon_id, house.database.clock.now())


def _instant(header: str) -> datetime | None:
    """The instant of an HTTP date; None for what is none (RFC 9110, 13.1.3: then it is not asked)."""
    try:
        found = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else None


def _package(house: Any, facts: PassFacts, headers: dict[str, str] | None = None) -> Response:
    parts = wiring.of(house)
    if parts.apple is None:
        raise WalletOff
    document = parts.forms.of(Wallet.APPLE, facts)
    told = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="coupon.pkpass"', **(headers or {})}
    return Response(parts.apple.package(document), media_type="application/vnd.apple.pkpass", headers=told)

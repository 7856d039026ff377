"""Her coupon for her wallet, and the service Apple's wallet asks for the newest form of a pass it holds.

Nothing is kept of wallets: no list of devices, no tokens of Apple's. So nothing is pushed; a wallet asks when she pulls its pass down, and by
what the pass itself brings as proof. A wallet learns of no pass but the one it holds. Source: Apple, PassKit Web Service Reference.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response
from fastapi.responses import RedirectResponse

from app.kernel.errors import AppError, NotFound
from app.kernel.logs import get_logger
from app.security.access import ANYONE, Principal, Role, allow
from app.security.asking import asker_of
from app.security.policies.contracts import Action
from notifications.passes import contents, showing, wiring
from notifications.passes.contents import PassFacts
from offers import facade as offers

log = get_logger(__name__)

SERVICE = "/wallet/apple"
SCHEME = "ApplePass "
ORGANISATION = "Mobile Moments"

router = APIRouter(tags=["notifications"])
wallets = APIRouter(prefix=f"{SERVICE}/v1", tags=["notifications"], include_in_schema=False, dependencies=[Depends(allow(ANYONE))])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(max_length=80)]
Proof = Annotated[str, Header(alias="Authorization", max_length=300)]


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
    link = wiring.of(house).google
    facts = _hers(request, coupon_id, caller)
    if link is None:
        raise WalletOff
    channels = house.settings.channels
    offer = contents.google(facts, issuer=channels.google_wallet_issuer, wallet_class=channels.google_wallet_class)
    return RedirectResponse(link.save_link(offer), status_code=303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


@wallets.get("/passes/{pass_type}/{serial}")
def newest_pass(pass_type: Id, serial: Id, request: Request, proof: Proof = "") -> Response:
    """The pass as it is now: used, ended and frozen ones are void."""
    house = request.app.state.house
    _proved(house, pass_type, serial, proof)
    facts = _facts(house, serial)
    if facts is None:
        raise NotFound
    return _package(house, facts)


@wallets.post("/devices/{device}/registrations/{pass_type}/{serial}", status_code=201)
def register_wallet(device: Id, pass_type: Id, serial: Id, request: Request, proof: Proof = "") -> Response:  # noqa: ARG001 - of the protocol
    """Taken note of by not being refused: nothing of a wallet is kept, and nothing pushed to it."""
    _proved(request.app.state.house, pass_type, serial, proof)
    return Response(status_code=201)


@wallets.delete("/devices/{device}/registrations/{pass_type}/{serial}")
def forget_wallet(device: Id, pass_type: Id, serial: Id, request: Request, proof: Proof = "") -> Response:  # noqa: ARG001 - as above
    _proved(request.app.state.house, pass_type, serial, proof)
    return Response(status_code=200)


@wallets.get("/devices/{device}/registrations/{pass_type}")
def changed_passes(device: Id, pass_type: Id) -> Response:  # noqa: ARG001 - as above
    """No list is kept, so none is told; each pass is asked for by itself."""
    return Response(status_code=204)


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
    chosen = house.settings.offers
    with house.database.reading() as session:
        return showing.facts_of(
            session, coupon_id, origin=house.settings.base_url(), at=house.database.clock.now(),
            live_code_required=chosen.live_code_required, live_code_above_minor=chosen.live_code_above_minor,
        )  # fmt: skip


def _package(house: Any, facts: PassFacts) -> Response:
    signer, channels, origin = wiring.of(house).apple, house.settings.channels, house.settings.base_url()
    if signer is None:
        raise WalletOff
    service = origin + SERVICE if origin.startswith("https://") else ""  # a wallet asks nothing of an address without TLS
    document = contents.apple(
        facts, pass_type=channels.apple_pass_type, team=channels.apple_team, organisation=ORGANISATION, service_url=service, token=showing.token_of(facts.serial)
    )
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="coupon.pkpass"'}
    return Response(signer.package(document), media_type="application/vnd.apple.pkpass", headers=headers)

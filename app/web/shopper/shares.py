"""Sharing on the phone: her links to products, and the page somebody sees who comes by one.

Owns these pages and forms. Who comes is asked first whether it may count; looking counts for nobody, and makes nobody a shopper.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import ANYONE, Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import OUTSIDE, frame
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Visitor = Annotated[Principal, Depends(allow(ANYONE))]
Token = Annotated[str, Path(min_length=1, max_length=60)]
COOKIE = "moments_share"
KEPT_S = 86_400


@router.get("/m/shares")
def shares(request: Request, caller: Shopper, call: Reading) -> Response:
    """Her links, and what they brought."""
    with call.database.reading() as session:
        mine = storefront.sharing.of_shopper(session, caller.id)
        items = storefront.products_by_ids(session, [one.product_id for one in mine])
        context = frame(session, caller.id, "me", call.clock.now())
    settings = call.app.shop.settings
    context |= {"mine": mine, "items": items, "address": _address(request), "reward": settings.referral_points, "days": settings.share_days}
    return rendering.page(request, "shopper/shares.html", context, frame_self=True)


@router.post("/m/shares")
def share(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """A link to this product, or the one she has."""
    product_id = form.text("product_id", most=60)

    def work(session: Session) -> dict[str, str]:
        return {"path": storefront.sharing.share(session, caller.id, product_id, at=call.clock.now()).path}

    call.run(work)
    return go_to(request, "/m/shares")


@router.get("/s/{share_token}")
def shared(request: Request, share_token: Token, _caller: Visitor, call: Reading) -> Response:
    """What somebody wants to show her, and whether it may count."""
    with call.database.reading() as session:
        item = storefront.product(session, storefront.sharing.shared_product(session, share_token))
    if item is None:
        raise NotFound
    settings = call.app.shop.settings
    context = OUTSIDE | {"item": item, "token": share_token, "reward": settings.referral_points, "days": settings.share_days}
    return rendering.page(request, "shopper/shared.html", context, frame_self=True)


@router.post("/s/{share_token}")
def come(request: Request, share_token: Token, caller: Visitor, call: Command) -> Response:
    """She lets it count: at once if we know her, else when she has answered the welcome page within a day."""
    if caller.kind is Role.SHOPPER:
        return go_to(request, f"/m/shop/{_came(call, caller.id, share_token)}")
    with call.database.reading() as session:
        product_id = storefront.sharing.shared_product(session, share_token)
    answer = go_to(request, f"/m/shop/{product_id}")
    answer.set_cookie(COOKIE, share_token, max_age=KEPT_S, path="/m", secure=request.url.scheme == "https", httponly=True, samesite="strict")
    return answer


def take_up(request: Request, response: Response, session: Session, call: CommandCall, shopper_id: str) -> None:
    """Somebody who came by a link has just become a shopper: it counts now, and where it led is where she goes."""
    token = request.cookies.get(COOKIE)
    if not token:
        return
    response.delete_cookie(COOKIE, path="/m", httponly=True, samesite="strict")
    try:
        product_id = storefront.sharing.came(session, shopper_id, token, at=call.clock.now())
    except NotFound:  # taken back meanwhile
        return
    response.headers["Location"] = f"/m/shop/{product_id}"


def _came(call: CommandCall, shopper_id: str, token: str) -> str:
    found: list[str] = []

    def work(session: Session) -> dict[str, str]:
        found.append(storefront.sharing.came(session, shopper_id, token, at=call.clock.now()))
        return {"product_id": found[0]}

    call.run(work)
    if not found:  # answered from an earlier press
        with call.database.reading() as session:
            found.append(storefront.sharing.shared_product(session, token))
    return found[0]


def _address(request: Request) -> str:
    """Where we are, as others reach us."""
    public = str(getattr(request.app.state.house.settings, "public_url", "") or "")
    return public.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"

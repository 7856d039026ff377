"""The phone's pages: welcome, offers as they come, wallet, why, and everything a shopper decides about her data.

Owns parsing forms and choosing templates. Must not decide: consents, offers and coupons are asked of their rooms; what is
another's does not exist here (404).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.http import Command, Reading
from app.privacy import minors, signals
from app.privacy.consents import consents, set_consent
from app.privacy.contracts import ConsentView, ErasureReceipt
from app.privacy.purposes import ASKED_AT_FIRST, ENDED_BY_SIGNAL, Purpose
from app.privacy.subjects import erase
from app.security.access import ANYONE, Principal, Role, allow, start_shopper_session
from app.security.asking import asker_of
from app.security.cookies import drop_session_cookie
from app.security.passkeys import keeping as passkeys
from app.security.passkeys.endpoints import party_of
from app.security.policies.contracts import Action
from app.web import rendering
from app.web.browser import asked_by_htmx, go_to
from app.web.forms import Fields
from app.web.shopper.bars import bars_svg
from app.web.shopper.cards import usable
from app.web.shopper.choices import choices, first_choices
from app.web.shopper.frame import OUTSIDE, cards_of, frame, joined_lately, ready_coupons
from app.web.shopper.gs1 import gs1_svg
from app.web.shopper.qr import qr_svg
from app.web.shopper.shares import take_up
from geofences import facade as geofences
from notifications import facade as notifications
from notifications.contracts import InboxMessage
from offers import facade as offers
from offers.contracts import CouponView, Explanation
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Visitor = Annotated[Principal, Depends(allow(Role.SHOPPER, ANYONE))]
Newcomer = Annotated[Principal, Depends(allow(Role.SHOPPER, ANYONE, limit="devices"))]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

SOURCE = "phone_page"


def never_answered(views: list[ConsentView]) -> bool:
    return all(view.at is None for view in views)


# --- coming in --------------------------------------------------------------------------------------------------------


@router.get("/m")
def now_page(request: Request, caller: Visitor, call: Reading) -> Response:
    """Offers as they come; the welcome page for whoever has not answered yet. Looking makes nobody a shopper."""
    at = call.clock.now()
    with call.database.reading() as session:
        views = consents(session, caller.id, at) if caller.kind is Role.SHOPPER else []
        if never_answered(views):
            return rendering.page(request, "shopper/welcome.html", OUTSIDE | {"choices": first_choices(request)}, frame_self=True)
        context = frame(session, caller.id, "now", at) | _offers(session, caller, at, views)
        context["can_push"] = notifications.can_web_push(call.app)
    return rendering.page(request, "shopper/now.html", context, frame_self=True)


@router.post("/m/start")
def start(request: Request, caller: Newcomer, call: Command, form: Fields) -> Response:
    """The first answer: a browser becomes a device of a new anonymous shopper, and each switch is recorded, on or off."""
    everything = form.text("answer") == "all"
    response = go_to(request, "/m")
    with call.database.transaction() as session:
        at = call.clock.now()
        shopper = caller if caller.kind is Role.SHOPPER else start_shopper_session(session, request, response, at=at, name="Phone page")
        for purpose in ASKED_AT_FIRST:
            by_signal = purpose in ENDED_BY_SIGNAL and signals.opted_out(request)
            granted = not by_signal and (everything or form.ticked(purpose.value))
            set_consent(session, shopper.id, purpose, granted=granted, source=signals.SOURCE if by_signal else SOURCE, at=at)
        take_up(request, response, session, call, shopper.id)
    return response


# --- offers -----------------------------------------------------------------------------------------------------------


def _offers(session: Session, caller: Principal, at: datetime, views: list[ConsentView]) -> dict[str, object]:
    live = {view.purpose: view.live for view in views}
    messages: list[InboxMessage] = notifications.inbox(session, caller.id, 0, at)
    new = frozenset(m.coupon_id for m in messages if m.coupon_id and m.seen_at is None)
    cards = cards_of(session, ready_coupons(session, caller.id, at), at, new)
    return {
        "cards": cards,
        "offers_ready": len(cards),
        "messages": [m for m in messages if m.coupon_id is None],
        "can_personalise": live.get(Purpose.PERSONALISATION.value, False),
        "can_locate": live.get(Purpose.LOCATION.value, False),
    }


@router.get("/m/offers")
def offers_part(caller: Shopper, call: Reading) -> Response:
    """The cards alone; asked for when the stream says that something has changed."""
    at = call.clock.now()
    with call.database.reading() as session:
        context = _offers(session, caller, at, consents(session, caller.id, at)) | {"alone": True}
    return rendering.fragment("shopper/offers.part.html", context)


@router.post("/m/coupons/{coupon_id}/fewer")
def fewer_like_this(request: Request, coupon_id: Id, caller: Shopper, call: Command) -> Response:
    """Fewer like this. The coupon stays hers."""
    call.run(lambda session: {"times": offers.fewer_like(session, shopper_id=caller.id, coupon_id=coupon_id, at=call.clock.now())})
    if not asked_by_htmx(request):
        return go_to(request, "/m/wallet")
    at = call.clock.now()
    with call.database.reading() as session:
        context = _offers(session, caller, at, consents(session, caller.id, at))
    context["note"] = "Noted: fewer like this. The coupon stays yours."
    return rendering.fragment("shopper/offers.part.html", context)


def own_explanation(session: Session, any_id: str, shopper_id: str, at: datetime) -> Explanation:
    """Another's decision and none at all are one answer: an id must not tell that it exists."""
    try:
        found = offers.explanation(session, any_id, at=at)
    except NotFound:
        raise NotFound from None
    if found.decision.shopper_id != shopper_id:
        raise NotFound
    return found


@router.get("/m/why/{any_id}")
def why(request: Request, any_id: Id, caller: Shopper, call: Reading) -> Response:
    """Why this offer, in plain words; a piece for the dialog, or a page of its own."""
    at = call.clock.now()
    with call.database.reading() as session:
        context: dict[str, object] = {"explanation": own_explanation(session, any_id, caller.id, at)}
        if asked_by_htmx(request):
            return rendering.fragment("shopper/why.part.html", context)
        context |= frame(session, caller.id, "now", at)
    return rendering.page(request, "shopper/why.html", context, frame_self=True)


# --- wallet -----------------------------------------------------------------------------------------------------------


@router.get("/m/wallet")
def wallet(request: Request, caller: Shopper, call: Reading) -> Response:
    """Every coupon she holds or has used in the last 30 days."""
    at = call.clock.now()
    with call.database.reading() as session:
        cards = cards_of(session, offers.wallet(session, caller.id, at, with_codes=False), at)
        ready = [c for c in cards if usable(c.coupon, at)]
        context = frame(session, caller.id, "wallet", at) | {"ready": ready, "done": [c for c in cards if c not in ready]}
    return rendering.page(request, "shopper/wallet.html", context, frame_self=True)


@router.get("/m/coupons/{coupon_id}")
def coupon_page(request: Request, coupon_id: Id, caller: Shopper, call: Reading, form: Literal["qr", "bars", "gs1"] = "qr") -> Response:
    """One coupon with its live code, for the till; as bars for a scanner that reads only lines, or as GS1 reads coupons. The link of a message leads here."""
    at = call.clock.now()
    chosen = call.app.settings.offers
    held_back = not caller.holds_key and not asked_by_htmx(request)  # a page cannot be asked for with the browser's key; its script can
    with call.database.reading() as session:
        coupon: CouponView | None = offers.coupon(session, coupon_id, with_code=not held_back)
        if coupon is None or coupon.shopper_id != caller.id:
            raise NotFound
        if not caller.holds_key and not held_back:
            asker_of(request).allow(session, Action.SEE_OFFER, at=at)
        [card] = cards_of(session, [coupon], at)
        live = None if held_back else offers.live_coupon(
            session, coupon.id, device_id=caller.device_id or caller.id, at=at, ttl_s=chosen.signed_coupon_ttl_s,
            live_code_required=chosen.live_code_required, live_code_above_minor=chosen.live_code_above_minor,
            till_offline_most_minor=chosen.till_offline_most_minor,
        )  # fmt: skip
        prefix = chosen.gs1_company_prefix if live is not None and not live.only else None
        if form == "gs1" and prefix is None:
            raise NotFound
        places = geofences.places_by_ids(session, list(coupon.place_ids))
        free = offers.book(session, coupon.decision_id, at)
        context = frame(session, caller.id, "wallet", at) | {
            "card": card,
            "uses_left": len(free),
            "next": free[0] if free else None,
            "form": form,
            "live": live,
            "gs1": prefix is not None,
            "wallets": notifications.wallets(call.app),
            "code_shown": coupon.code,
            "held_back": held_back,
            "where": sorted(p.name for p in places.values()),
            "explanation": own_explanation(session, coupon.decision_id, caller.id, at),
        }
    if held_back:
        drawn = ""
    elif form == "gs1" and prefix is not None:
        with call.database.transaction() as session:
            value = offers.gs1_coupon(session, coupon_id, prefix)
        if value is None:
            raise NotFound
        drawn, context["code_shown"] = gs1_svg(value), value
    else:
        drawn = bars_svg(live.bars if live else coupon.code.replace("-", "")) if form == "bars" else qr_svg(live.text if live else coupon.code)
    return rendering.page(request, "shopper/coupon.html", context | {"picture": Markup(drawn)}, frame_self=True)  # noqa: S704 - drawn from our own code


# --- my data ----------------------------------------------------------------------------------------------------------


@router.get("/m/me")
def me(request: Request, caller: Shopper, call: Reading) -> Response:
    """Consents, orders, what we hold, and the way out."""
    at = call.clock.now()
    with call.database.reading() as session:
        context = frame(session, caller.id, "me", at) | {
            **choices(session, request, caller.id, at),
            "orders": storefront.orders(session, caller.id),
            "points": storefront.points(session, caller.id),
            "shopper_id": caller.id,
            **_passkeys(session, caller, request),
            **joined_lately(session, caller.id, at),
        }
    return rendering.page(request, "shopper/me.html", context, frame_self=True)


def _passkeys(session: Session, caller: Principal, request: Request) -> dict[str, object]:
    return {"passkeys": passkeys.views(session, caller), "passkeys_here": party_of(request).usable}


@router.get("/m/me/passkeys")
def passkeys_part(request: Request, caller: Shopper, call: Reading) -> Response:
    """The passkeys alone; asked for when one was made, named or removed."""
    with call.database.reading() as session:
        return rendering.fragment("shopper/passkeys.part.html", _passkeys(session, caller, request))


@router.post("/m/me/consents/{purpose}")
def switch_consent(request: Request, purpose: Purpose, caller: Shopper, call: Command, form: Fields) -> Response:
    """One switch, effective with the commit."""
    if form.ticked("granted"):
        signals.refuse_grant(request, purpose)

    def work(session: Session) -> dict[str, bool]:
        changed = set_consent(session, caller.id, purpose, granted=form.ticked("granted"), source=SOURCE, at=call.clock.now())
        return {"changed": changed}

    call.run(work)
    if not asked_by_htmx(request):
        return go_to(request, "/m/me")
    with call.database.reading() as session:
        context = choices(session, request, caller.id, call.clock.now())
    return rendering.fragment("shopper/consents.part.html", context)


@router.post("/m/me/age")
def state_age(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Her year of birth, of which nothing but *under age* is kept."""
    at = call.clock.now()
    year = form.whole("birth_year", least=at.year - minors.OLDEST_YEARS, most=at.year)
    call.run(lambda session: {"minor": minors.state_birth_year(session, caller.id, year, at)})
    return go_to(request, "/m/me")


@router.post("/m/me/delete")
def delete_me(request: Request, caller: Shopper, call: Command) -> Response:
    """Everything goes, at once; the page shows the receipt and the cookie is dropped."""
    with call.database.transaction() as session:
        asker_of(request).allow(session, Action.ERASE, at=call.clock.now())
        receipt: ErasureReceipt = erase(session, caller.id, call.clock.now(), by=caller)
    response = rendering.page(request, "shopper/gone.html", OUTSIDE | {"receipt": receipt, "phone_key": {"forget": True}}, frame_self=True)
    drop_session_cookie(response, Role.SHOPPER)
    return response

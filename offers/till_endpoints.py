"""The routes of tills: public keys, redeem and undo, and working without a network.

Owns the HTTP side only. The pages of the till are in app/web/till.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.http import Command, Reading
from app.security.access import allow, security_settings, spend_at
from app.security.asking import asker_of
from app.security.principals import Principal, Role
from offers import coupon_signing, facade
from offers.contracts import TillRedemption
from offers.errors import NotYourStore
from offers.settings import settings_of
from offers.till_schemas import BundleWish, Journal, TillScan
from offers.tills import offline
from offers.tills.journal import Entry

router = APIRouter(tags=["offers"])

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code", limit_with_work=True))]
Keyholder = Annotated[Principal, Depends(allow(Role.CLERK, Role.SERVER, scope="till_keys"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]


def _store_of(caller: Principal, place_id: str | None) -> str:
    if place_id is None:
        if len(caller.place_ids) != 1:
            raise Invalid.field("place_id", "say in which of your stores you are")
        return caller.place_ids[0]
    if not caller.works_at(place_id):
        raise NotYourStore
    return place_id


@router.get("/v1/till/keys")
def till_keys(_: Keyholder, call: Reading) -> Response:
    """The public keys that signed coupons are checked with (a JSON Web Key Set): of the last, this and the next week.

    `revoked` names keys of these weeks that were ended early: whatever they signed is refused.
    """
    at = call.clock.now()
    return call.run(lambda _session: {"keys": facade.till_keys(at), "revoked": coupon_signing.revoked_keys(at)})


@router.post("/v1/till/redemptions", status_code=201)
def redeem_at_till(scan: TillScan, caller: Scanner, call: Command) -> Response:
    """Redeem a scanned or typed code, once. The second scan answers 409 and says when and where the first one was."""
    place_id = _store_of(caller, scan.place_id)
    target = facade.live_target(scan.code)
    if target is not None:
        spend_at(call.request, "live_code", target)

    def work(session: Session) -> TillRedemption:
        chosen = settings_of(call)
        return facade.redeem_at_till(
            session,
            code=scan.code,
            place_id=place_id,
            clerk_id=caller.id,
            at=call.clock.now(),
            discount_minor=scan.discount_minor,
            undo_s=chosen.undo_s,
            live_code_required=chosen.live_code_required,
            live_code_above_minor=chosen.live_code_above_minor,
            asker=asker_of(call.request),
        )

    return call.run(work, status=201)


@router.post("/v1/till/redemptions/{redemption_id}/undo")
def undo_at_till(redemption_id: Id, caller: Clerk, call: Command) -> Response:
    """Take your redemption back within the minute; the coupon is good again."""

    def work(session: Session) -> object:
        facade.undo_at_till(
            session,
            redemption_id=redemption_id,
            clerk_id=caller.id,
            at=call.clock.now(),
            undo_s=settings_of(call).undo_s,
            asker=asker_of(call.request),
        )
        return {"redemption_id": redemption_id, "undone": True}

    return call.run(work)


@router.post("/v1/till/bundle")
def till_bundle(wish: BundleWish, caller: Clerk, call: Reading) -> Response:
    """What this till needs to take coupons without a network: a signed document with keys, its cap, and what is already used.

    It holds keys of live codes: keep it where other pages do not read it. No answer of it is stored for a repeat.
    """
    place_id, chosen, at = _store_of(caller, wish.place_id), settings_of(call), call.clock.now()
    with call.database.transaction() as session:
        made = offline.bundle(
            session,
            till_id=wish.till_id,
            place_id=place_id,
            clerk_id=caller.id,
            at=at,
            cap=chosen.till_offline_cap,
            ttl_s=chosen.till_bundle_ttl_s,
            undo_s=chosen.undo_s,
            settings=security_settings(call.request),
        )
    response = call.run(lambda _session: made)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/till/journal")
def till_journal(sent: Journal, caller: Clerk, call: Reading) -> Response:
    """What this till took without a network; each entry's answer. Send it again as often as the network fails."""
    place_id = _store_of(caller, sent.place_id)
    entries: list[Entry] = []
    for k, e in enumerate(sent.entries):
        try:
            entries.append(e.entry())
        except ValueError:
            raise Invalid.field(f"entries[{k}].at", "a time that exists, as 2026-11-22T12:00:00.000Z") from None

    outcomes: list[offline.Outcome] = []
    for entry in entries:
        with call.database.transaction() as session:
            outcomes += offline.take(
                session,
                till_id=sent.till_id,
                place_id=place_id,
                entries=[entry],
                undo_s=settings_of(call).undo_s,
                now=call.clock.now(),
                settings=security_settings(call.request),
            )
    return call.run(lambda _session: {"outcomes": outcomes})


@router.get("/v1/till/findings")
def till_findings(caller: Clerk, call: Reading) -> Response:
    """Doubles and refusals in your stores' journals, newest first: what a person has to look at."""
    return call.run(lambda session: {"findings": offline.findings(session, caller.place_ids)})

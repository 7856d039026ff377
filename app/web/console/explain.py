"""Why, and why not, by any id: of a decision, coupon, redemption, order, moment or message.

Owns finding the decision behind an id and the record beside it. The shopper sees her own only; another's does not exist.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, NotFound
from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.console.rows import decision_rows, place_name
from app.web.shopper.frame import frame
from geofences import facade as geofences
from notifications import facade as notifications
from offers import facade as offers
from offers.contracts import DecisionView, Explanation

router = APIRouter(include_in_schema=False)

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Reader = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR, Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

Facts = list[tuple[str, str, str]]


@router.get("/explain")
def ask(request: Request, _caller: Marketer, id: Annotated[str, Query(max_length=200)] = "") -> Response:  # noqa: A002 - the form's field
    """A field for any id."""
    wanted = id.strip()
    if wanted and "/" not in wanted:
        return go_to(request, f"/explain/{wanted}")
    return rendering.page(request, "console/explain.html", {"here": "explain", "asked": wanted, "trouble": "An id has no slash." if wanted else ""})


@router.get("/console/decisions/{decision_id}")
def decision(request: Request, decision_id: Id, _caller: Marketer, call: Reading) -> Response:
    """One decision with all its reasons, the record, and what the other campaigns said to the same moment."""
    return _for_staff(request, decision_id, call)


@router.get("/explain/{any_id}")
def explain(request: Request, any_id: Id, caller: Reader, call: Reading) -> Response:
    """The same from any id; for a shopper in her words."""
    if caller.kind is not Role.SHOPPER:
        return _for_staff(request, any_id, call)
    at = call.clock.now()
    with call.database.reading() as session:
        try:
            found = _explanation(session, any_id, offers.Audience.SHOPPER, at)
        except NotFound:
            raise NotFound from None  # in the same words as for another's: an id must not tell that it exists
        if found.decision.shopper_id != caller.id:
            raise NotFound
        context = {"explanation": found, "facts": _facts(session, found.decision, links=False)} | frame(session, caller.id, "now", at)
    return rendering.page(request, "explain.html", context, frame_self=True)


def _for_staff(request: Request, any_id: str, call: Reading) -> Response:
    with call.database.reading() as session:
        try:
            found = _explanation(session, any_id, offers.Audience.MARKETER, call.clock.now())
        except AppError as refusal:
            if refusal.status != 404:
                raise
            context = {"here": "explain", "asked": any_id, "trouble": refusal.detail}
            return rendering.page(request, "console/explain.html", context, status=404)
        siblings = [d for d in offers.decisions(session, moment_id=found.decision.moment_id) if d.id != found.decision.id]
        context = {
            "here": "decisions",
            "asked": "" if any_id == found.decision.id else any_id,
            "explanation": found,
            "facts": _facts(session, found.decision, links=True),
            "siblings": decision_rows(session, siblings),
        }
    return rendering.page(request, "console/decision.html", context)


def _explanation(session: Session, any_id: str, audience: offers.Audience, at: datetime) -> Explanation:
    """A message leads to the decision of its coupon."""
    if any_id.startswith("msg_"):
        message = notifications.explain(session, message_id=any_id)
        if message is not None and message.coupon_id is not None:
            any_id = message.coupon_id
    return offers.explanation(session, any_id, audience=audience, at=at)


def _facts(session: Session, made: DecisionView, *, links: bool) -> Facts:
    """(name, value, link or ""): who, where, when, and what became of it."""
    places = geofences.places_by_ids(session, [made.place_id])
    zone = places[made.place_id].timezone if made.place_id in places else "UTC"
    moment = geofences.moment(session, made.moment_id)
    facts: Facts = [
        ("Decided", rendering.local_time(made.decided_at, zone, "%-d %B %Y, %H:%M:%S"), ""),
        ("Place", place_name(places, made.place_id), ""),
        ("Campaign", f"{made.campaign_name}, version {made.campaign_version}", f"/console/campaigns/{made.campaign_id}" if links else ""),
    ]
    if moment is not None:
        facts.append(("Moment", f"{moment.kind.replace('_', ' ')}, visit {moment.nth_visit}, stayed {moment.dwell_s} s", ""))
        facts.append(("Confidence", f"{moment.confidence:.0%}, position {moment.trust}", ""))
    if links:
        facts.append(("Shopper", made.shopper_id, f"/console/decisions?shopper={made.shopper_id}"))
    facts.append(("Moment id", made.moment_id, ""))
    facts.append(("Decision id", made.id, ""))
    if made.coupon_id:
        coupon = offers.coupon(session, made.coupon_id, with_code=False)
        facts.append(("Coupon", f"{made.coupon_id} ({coupon.state})" if coupon else made.coupon_id, ""))
        told = notifications.explain(session, coupon_id=made.coupon_id, reader=notifications.Reader.OPERATOR if links else notifications.Reader.SHOPPER)
        if told is not None:
            facts.append(("Message", told.text, ""))
            facts.extend(("Message rule", reason.text, "") for reason in told.held if links)
            facts.extend((f"Sent by {d.channel}", d.in_short, "") for d in told.deliveries)
    return facts

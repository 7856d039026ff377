"""The facts the policy is asked with: what she was told lately, which clocks hold for her, whether she is in the store.

Owns gathering them. Must not decide (policy.py does). Whoever acts on them has taken the shopper's turn before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import prepared
from app.kernel.verdict import Verdict
from geofences import facade as geofences
from notifications.models import Delivery, Message
from notifications.policy import Occasion, Said
from notifications.settings import NotificationSettings

WAITS = ("queued", "claimed")
_BEGUN = or_(Delivery.attempts > 0, Delivery.state.in_(("claimed", "sent")))
_WAITING, _UNDER_WAY = (func.coalesce(func.sum(case((which, 1), else_=0)), 0) for which in (Delivery.state.in_(WAITS), _BEGUN))
_SAID = (
    select(Message.shopper_id, Message.id, Message.said_at, Message.value_minor, Message.campaign_id, Message.place_id, Message.visit_id, _WAITING.label("waiting"), _UNDER_WAY.label("under_way"))
    .outerjoin(Delivery, and_(Delivery.message_id == Message.id, Delivery.channel != "inbox"))
    .where(Message.shopper_id.in_(bindparam("ids", expanding=True)), Message.said_at.is_not(None))
    .group_by(Message.position)
    .having(or_(Message.said_at > bindparam("since"), _WAITING > 0, Message.visit_id.in_(bindparam("visit_ids", expanding=True))))
)
"""A visit is one shopper's. No visit has an empty name."""


def occasion(
    session: Session,
    settings: NotificationSettings,
    *,
    consent: Verdict,
    place_id: str | None,
    visit_id: str | None,
    expires_at: datetime,
    own_zone: str | None,
    at: datetime,
) -> Occasion:
    """Without what was said: `Occasion.counting` adds that."""
    return Occasion(
        at=at,
        consent=consent,
        expires_at=expires_at,
        zones=zones_of(session, settings, place_id, own_zone),
        in_store=in_store(session, visit_id),
        said_at=(),
        said_this_visit=0,
    )


def said_to(session: Session, visits: Mapping[str, str | None], settings: NotificationSettings, at: datetime) -> dict[str, list[Said]]:
    """The messages to each shopper of `visits` (shopper: the visit they are told in) that count at `at`, whatever became of them later: those of
    the longest window, those of the visit, and those whose push is still on its way, which count as said now: who knows when it arrives."""
    windows = (settings.cap_window_s, settings.campaign_cap_window_s, settings.place_cap_window_s)
    since = at - timedelta(seconds=max(windows))
    found: dict[str, list[Said]] = {shopper_id: [] for shopper_id in visits}
    for r in prepared(session, _SAID, {"ids": list(visits), "since": since, "visit_ids": [visit_id or "" for visit_id in visits.values()]}):
        one = Said(r.id, at if r.waiting else r.said_at, r.value_minor, r.campaign_id, r.place_id, r.visit_id, waits=r.waiting > 0 and r.under_way == 0)
        found[r.shopper_id].append(one)
    return found


def zones_of(session: Session, settings: NotificationSettings, place_id: str | None, own_zone: str | None) -> tuple[str, ...]:
    """The store's zone (or the default) and the shopper's own; a name this machine does not know is left out."""
    place = geofences.directory(session).by_id.get(place_id) if place_id else None
    wanted = dict.fromkeys(z for z in (place.timezone if place else settings.default_zone, own_zone) if z)
    return tuple(z for z in wanted if _is_zone(z)) or (settings.default_zone,)


def in_store(session: Session, visit_id: str | None) -> bool:
    return bool(visit_id) and geofences.visit_lasts(session, visit_id)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

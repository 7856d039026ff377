"""Tell an endpoint again what it was told, or was not: everything of the log after a cursor.

Owns putting back what has ended. An event keeps its id, so a receiver that has it takes it once; what still waits is left as it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, func, literal, null, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import inserting
from app.security.audit import journal
from notifications.webhooks import registry
from notifications.webhooks.catalogue import TEST
from notifications.webhooks.contracts import DeliveryView
from notifications.webhooks.models import Happening, WebhookDelivery

ENDED = ("delivered", "failed", "dropped")


def replay(session: Session, endpoint_id: str, *, after: int, by: registry.By, at: datetime) -> int:
    """Queue every event it wants whose position is greater than `after`; returns how many are due that were not.

    Raises UnknownEndpoint, EndpointIsOff.
    """
    endpoint = registry.found(session, endpoint_id)
    registry.require_on(endpoint)
    d, h = WebhookDelivery, Happening
    mine = or_(h.type != TEST, h.subject == endpoint_id)
    told = select(
        literal(endpoint_id), h.id, h.type, h.subject, h.shopper_id, literal("queued"), literal(0), literal(at, d.next_try_at.type), h.created_at
    ).where(h.position > after, mine, *([h.type.in_([*endpoint.types, TEST])] if endpoint.types else []))
    columns = ["endpoint_id", "event_id", "type", "subject", "shopper_id", "state", "tries", "next_try_at", "created_at"]
    again = {"state": "queued", "tries": 0, "next_try_at": at, "reason": null(), "status": null()}
    statement = inserting(d, session.get_bind().dialect.name).from_select(columns, told).on_conflict_do_update(index_elements=["endpoint_id", "event_id"], set_=again, where=d.state.in_(ENDED))
    queued = cast("CursorResult[Any]", session.execute(statement.execution_options(preserve_rowcount=True))).rowcount
    journal.note(session, "webhook.replayed", by=by, detail={"endpoint": endpoint_id, "after": after, "events": queued}, at=at)
    return queued


def deliveries(session: Session, endpoint_id: str, *, state: str | None = None, limit: int = 50) -> list[DeliveryView]:
    """The newest events of an endpoint and what became of them; with `state` only those. Raises UnknownEndpoint."""
    registry.found(session, endpoint_id)
    d, h = WebhookDelivery, Happening
    rows = (
        select(d, h.position).outerjoin(h, h.id == d.event_id).where(d.endpoint_id == endpoint_id).order_by(d.event_id.desc()).limit(limit)
    )
    if state is not None:
        rows = rows.where(d.state == state)
    return [
        DeliveryView(
            r.event_id, r.type, r.subject, r.state, r.tries, r.status, r.reason, r.took_ms, r.created_at, r.tried_at,
            r.next_try_at if r.state == "queued" else None, position,
        )
        for r, position in session.execute(rows)
    ]  # fmt: skip


def newest(session: Session) -> int:
    """The cursor of the last event; 0 before the first."""
    return session.scalar(select(func.coalesce(func.max(Happening.position), 0))) or 0

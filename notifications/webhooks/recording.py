"""An event of the house becomes one that is told outside: once in the log, once for every endpoint that wants it.

Owns the consumer `notifications.webhooks`. Runs in the relay's transaction with its inbox row, so an event is logged once however often
it is delivered here. As long as there is no endpoint, nothing is owed and no copy is made. Must not speak to the network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.ids import new_id
from app.kernel.outbox import Envelope, Subscriptions
from notifications.webhooks import registry
from notifications.webhooks.catalogue import TEST, TOLD
from notifications.webhooks.models import Endpoint, Happening, WebhookDelivery
from offers.contracts import MomentDecided

CONSUMER = "notifications.webhooks"

ANY_ENDPOINT = select(Endpoint.id).limit(1)
"""Whether there is an endpoint at all, on or off: asked in the transaction that emits."""


def subscribe(subscriptions: Subscriptions, wake: Callable[[], None]) -> None:
    """Listen to every event of the catalogue. The decisions of a moment are told one by one, in their order."""

    adapters = {event_class: TypeAdapter(event_class) for event_class in TOLD}

    def told(session: Session, event: Any, event_id: str, envelope: Envelope) -> None:
        data = adapters[type(event)].dump_python(event, mode="json")
        if record(session, event_id, event.TYPE, envelope.subject, data, envelope.created_at):
            session.info["after_commit"].append(wake)

    def tell(session: Session, event: Any, envelope: Envelope) -> None:
        told(session, event, envelope.event_id, envelope)

    def tell_each(session: Session, event: MomentDecided, envelope: Envelope) -> None:
        for n, one in enumerate(event.each()):
            told(session, one, f"{envelope.event_id}_{n:04d}", envelope)

    for event_class in TOLD:
        subscriptions.on(event_class, consumer=CONSUMER, handler=tell, only_if=ANY_ENDPOINT)
    subscriptions.on(MomentDecided, consumer=CONSUMER, handler=tell_each, only_if=ANY_ENDPOINT)


def record(session: Session, event_id: str, event_type: str, subject: str, data: Mapping[str, Any], at: datetime) -> int:
    """Log the event and queue it for each endpoint that is on and wants its type; returns for how many."""
    shopper_id = data.get("shopper_id") or (subject if subject.startswith("shp_") else None)
    values = {
        "id": event_id, "type": event_type, "subject": subject, "shopper_id": shopper_id,
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")), "created_at": at,
    }  # fmt: skip
    if not insert_new(session, Happening, values, unique=["id"]):
        return 0
    rows = session.execute(select(Endpoint.id, Endpoint.types).where(Endpoint.state == "on")).all()
    due = [_owed(endpoint_id, values) for endpoint_id, types in rows if not types or event_type in types]
    if due:
        session.execute(insert(WebhookDelivery), due)
    return len(due)


def queue_test(session: Session, endpoint_id: str, at: datetime) -> str:
    """Queue an event that says nothing, for this endpoint alone; returns its id. Raises UnknownEndpoint, EndpointIsOff."""
    registry.require_on(registry.found(session, endpoint_id))
    event_id = new_id("evt")
    values = {
        "id": event_id, "type": TEST, "subject": endpoint_id, "shopper_id": None,
        "data": json.dumps({"endpoint_id": endpoint_id}, separators=(",", ":")), "created_at": at,
    }  # fmt: skip
    insert_new(session, Happening, values, unique=["id"])
    session.execute(insert(WebhookDelivery), [_owed(endpoint_id, values)])
    return event_id


def _owed(endpoint_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint_id, "event_id": event["id"], "type": event["type"], "subject": event["subject"],
        "shopper_id": event["shopper_id"], "state": "queued", "tries": 0, "next_try_at": event["created_at"], "created_at": event["created_at"],
    }  # fmt: skip

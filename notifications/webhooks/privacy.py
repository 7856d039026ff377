"""What webhooks hold about a shopper, how it is exported and erased, and how long it is kept. Owns `HOLDERS` and `rules(settings)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from notifications.webhooks.models import Happening, WebhookDelivery
from notifications.webhooks.settings import WebhookSettings


def _export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """What was told of her to other systems, and when."""
    h, d = Happening, WebhookDelivery
    events = session.scalars(select(h).where(h.shopper_id == shopper_id).order_by(h.position))
    told = session.scalars(select(d).where(d.shopper_id == shopper_id).order_by(d.event_id, d.endpoint_id))
    return {
        "events": [{"id": e.id, "type": e.type, "created_at": e.created_at, "data": json.loads(e.data)} for e in events],
        "told": [{"event_id": t.event_id, "endpoint_id": t.endpoint_id, "state": t.state, "tried_at": t.tried_at} for t in told],
    }


def _erase(session: Session, shopper_id: str) -> int:
    gone = 0
    for model in (WebhookDelivery, Happening):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone


HOLDERS: tuple[DataHolder, ...] = (
    DataHolder("notifications.webhooks", ("notifications_webhook_event", "notifications_webhook_delivery"), _export, _erase),
)


def rules(settings: WebhookSettings) -> tuple[RetentionRule, ...]:
    why = "What was told to systems that work with this house, so that it can be told again after a fault."
    return (
        RetentionRule("notifications_webhook_event", "created_at", settings.keep_s, why),
        RetentionRule("notifications_webhook_delivery", "created_at", settings.keep_s, why),
    )


RULES: tuple[RetentionRule, ...] = rules(WebhookSettings())

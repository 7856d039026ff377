"""What the roof may ask of webhooks; named by the room's own facade. Owns nothing."""

from __future__ import annotations

from typing import Any

from notifications.webhooks.catalogue import TYPES
from notifications.webhooks.contracts import DeliveryView, EndpointView, Registered
from notifications.webhooks.dispatch import run_once
from notifications.webhooks.reasons import REASONS, WebhookReason
from notifications.webhooks.recording import queue_test
from notifications.webhooks.registry import add, disable, enable, listed, remove, rotate, secret_of, shown
from notifications.webhooks.replaying import deliveries, newest, replay


def send_due(house: Any, endpoint_id: str) -> int:
    """Send what is due for one endpoint from this process, for a command that wants to see the answer."""
    parts = house.webhooks
    return run_once(house.database, parts.gateway, parts.settings, parts.source, only=endpoint_id)


__all__ = [
    "REASONS", "TYPES", "DeliveryView", "EndpointView", "Registered", "WebhookReason", "add", "deliveries", "disable", "enable", "listed", "newest", "queue_test",
    "remove", "replay", "rotate", "secret_of", "send_due", "shown",
]  # fmt: skip

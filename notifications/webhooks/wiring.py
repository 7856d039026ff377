"""The running parts of webhooks, built once by the bootstrap. Owns the order of starting and stopping."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.db import Database
from app.kernel.outbox import Subscriptions
from notifications.webhooks import recording
from notifications.webhooks.jobs import WebhookLoop
from notifications.webhooks.ports import WebhookGateway
from notifications.webhooks.settings import WebhookSettings


@dataclass(slots=True)
class Webhooks:
    """`source` names this house in every event."""

    settings: WebhookSettings
    source: str
    gateway: WebhookGateway
    loop: WebhookLoop

    def subscribe(self, subscriptions: Subscriptions) -> None:
        recording.subscribe(subscriptions, self.loop.wake)


def build(database: Database, settings: WebhookSettings, source: str, *, gateway: WebhookGateway | None = None) -> Webhooks:
    """`gateway` given: use it (tests)."""
    if gateway is None:
        from notifications.webhooks.adapters.http_gateway import HttpGateway

        gateway = HttpGateway(timeout_s=settings.timeout_s, loopback=settings.allow_loopback)
    return Webhooks(settings, source, gateway, WebhookLoop(database, gateway, settings, source))

"""The room's running parts, built once by the bootstrap.

Owns which gateway is chosen, and the order of starting and stopping. Must not be imported by another room; the roof holds the
built `Notifications` as `house.notifications`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

from app.kernel.db import Database
from app.kernel.outbox import Subscriptions
from notifications import handlers
from notifications.announce import Announcer
from notifications.broadcast import Broadcaster
from notifications.jobs import DispatchLoop
from notifications.ports import PushGateway
from notifications.settings import NotificationSettings


@dataclass(slots=True)
class Notifications:
    """`gateway` None: no push is configured, the inbox is the only channel."""

    settings: NotificationSettings
    broadcaster: Broadcaster
    gateway: PushGateway | None
    loop: DispatchLoop | None

    def subscribe(self, subscriptions: Subscriptions) -> None:
        announcer = Announcer(
            settings=self.settings,
            push_configured=self.gateway is not None,
            wake_streams=self.broadcaster.wake,
            wake_dispatch=self.loop.wake if self.loop else _nothing,
        )
        handlers.subscribe(subscriptions, announcer, self.settings)

    def start(self) -> None:
        """Start sending. Without this the process still queues and streams (an API replica)."""
        if self.loop is not None:
            self.loop.start()

    def close_streams(self) -> None:
        """Call when the server is told to stop, before it waits for its connections: open streams end at once."""
        self.broadcaster.close()

    def stop(self) -> None:
        self.broadcaster.close()
        if self.loop is not None:
            self.loop.stop()
        if self.gateway is not None:
            self.gateway.close()


class _House(Protocol):
    notifications: Notifications


def of(house: Any) -> Notifications:
    """The room's parts in a running house."""
    return cast("_House", house).notifications


def build(database: Database, settings: NotificationSettings, *, gateway: PushGateway | None = None) -> Notifications:
    """`gateway` given: use it (tests, a demo). Else FCM if a service account is set, else none. Raises ValueError or OSError if the
    account cannot be read."""
    if gateway is None and settings.fcm_service_account_path:
        from notifications.adapters.fcm_gateway import FcmGateway

        gateway = FcmGateway(
            settings.fcm_service_account_path,
            fcm_url=settings.fcm_url,
            timeout_s=settings.fcm_timeout_s,
            connections=settings.push_workers,
        )
    loop = DispatchLoop(database, gateway, settings) if gateway is not None else None
    return Notifications(settings, Broadcaster(), gateway, loop)


def _nothing() -> None:
    return None

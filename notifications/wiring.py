"""The room's running parts, built once by the bootstrap.

Owns which gateway is chosen, and the order of starting and stopping. Must not be imported by another room; the roof holds the
built `Notifications` as `house.notifications`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from app.kernel.db import Database
from app.kernel.outbox import Subscriptions
from app.security.contacts.settings import ContactSettings
from notifications import handlers
from notifications.announce import Announcer
from notifications.broadcast import Broadcaster
from notifications.channel_settings import ChannelSettings
from notifications.contracts import ChannelKind
from notifications.fallback import Further
from notifications.jobs import DispatchLoop
from notifications.order_news import OrderTeller
from notifications.passes import wiring as pass_wiring
from notifications.passes.showing import LiveCodes
from notifications.passes.wiring import Passes
from notifications.ports import PushGateway
from notifications.settings import NotificationSettings
from notifications.wish_news import WishTeller


@dataclass(slots=True)
class Notifications:
    """`gateway` None: no push to phones is configured. `others` are the gateways of the further channels, each with a loop and threads
    of its own, so that a provider that hangs holds up nobody else's."""

    settings: NotificationSettings
    broadcaster: Broadcaster
    gateway: PushGateway | None
    loop: DispatchLoop | None
    passes: Passes
    others: Sequence[tuple[PushGateway, DispatchLoop]] = ()

    @property
    def channels(self) -> frozenset[ChannelKind]:
        """What can be sent on from here; the inbox always."""
        sending = [self.gateway, *(gateway for gateway, _ in self.others)]
        return frozenset([ChannelKind.INBOX, *(ChannelKind(g.channel) for g in sending if g is not None)])

    @property
    def loops(self) -> list[DispatchLoop]:
        return [loop for loop in (self.loop, *(loop for _, loop in self.others)) if loop is not None]

    @property
    def teller(self) -> OrderTeller:
        return OrderTeller(self.settings, self.channels, self.broadcaster.wake, self.wake)

    def subscribe(self, subscriptions: Subscriptions) -> None:
        announcer = Announcer(
            settings=self.settings,
            channels=self.channels,
            wake_streams=self.broadcaster.wake,
            wake_dispatch=self.wake,
        )
        wishes = WishTeller(self.settings, self.channels, self.broadcaster.wake, self.wake)
        handlers.subscribe(subscriptions, announcer, self.teller, wishes, self.settings)
        self.passes.subscribe(subscriptions)

    def start(self) -> None:
        """Start sending. Without this the process still queues and streams (an API replica)."""
        for loop in self.loops:
            loop.start()
        self.passes.start()

    def wake(self) -> None:
        """Something waits to be sent."""
        for loop in self.loops:
            loop.wake()

    def wake_her(self, shopper_id: str) -> None:
        """Her open pages are to look, and so is whoever sends."""
        self.broadcaster.wake(shopper_id)
        self.wake()

    def close_streams(self) -> None:
        """Call when the server is told to stop, before it waits for its connections: open streams end at once."""
        self.broadcaster.close()

    def stop(self) -> None:
        self.broadcaster.close()
        for loop in self.loops:
            loop.stop()
        for gateway in (self.gateway, *(gateway for gateway, _ in self.others)):
            if gateway is not None:
                gateway.close()
        self.passes.stop()


class _House(Protocol):
    notifications: Notifications


def of(house: Any) -> Notifications:
    """The room's parts in a running house."""
    return cast("_House", house).notifications


def build(
    database: Database,
    settings: NotificationSettings,
    *,
    gateway: PushGateway | None = None,
    channels: ChannelSettings | None = None,
    mail_server: ContactSettings | None = None,
    origin: str = "",
    live_codes: LiveCodes | None = None,
) -> Notifications:
    """`gateway` given: use it (tests, a demo). Else FCM if a service account is set, else none. The further channels as `channels` says;
    `origin` is where people find this house, `live_codes` for which coupons a till asks for a live code. Raises ValueError or OSError if the account cannot be read."""
    if gateway is None and settings.fcm_service_account_path:
        from notifications.adapters.fcm_gateway import FcmGateway

        gateway = FcmGateway(
            settings.fcm_service_account_path,
            fcm_url=settings.fcm_url,
            timeout_s=settings.fcm_timeout_s,
            connections=settings.push_workers,
        )
    more = _further(settings, channels, mail_server, origin) if channels is not None else []
    further = Further(frozenset(ChannelKind(one.channel) for one in (gateway, *more) if one is not None), settings)
    loop = DispatchLoop(database, gateway, settings, further=further) if gateway is not None else None
    others = [(one, DispatchLoop(database, one, settings, further=further)) for one in more]
    passes = pass_wiring.build(database, settings, channels, origin, live_codes)
    return Notifications(settings, Broadcaster(), gateway, loop, passes, others)


def _further(
    settings: NotificationSettings, channels: ChannelSettings, mail_server: ContactSettings | None, origin: str
) -> list[PushGateway]:
    """The channels that have what they need. Libraries are imported for these alone."""
    found: list[PushGateway] = []
    if channels.web_push_contact:
        from notifications.adapters.web_push_gateway import WebPushGateway

        services, workers = channels.web_push_services, settings.push_workers
        found.append(WebPushGateway(channels.web_push_contact, services, timeout_s=channels.timeout_s, connections=workers))
    if channels.email_sender and mail_server is not None and mail_server.smtp_host:
        from notifications.adapters.email_gateway import EmailGateway

        found.append(EmailGateway(mail_server, channels.email_sender, origin, bounces=channels.email_bounces))
    senders = ((ChannelKind.SMS, channels.sms_sender), (ChannelKind.WHATSAPP, channels.whatsapp_sender))
    for kind, sender in senders:
        if channels.twilio_account and sender:
            from notifications.adapters.twilio_gateway import TwilioGateway

            found.append(
                TwilioGateway(
                    kind,
                    account=channels.twilio_account,
                    token=channels.twilio_token.get_secret_value(),
                    sender=sender,
                    template=channels.whatsapp_template,
                    origin=origin,
                    url=channels.twilio_url,
                    timeout_s=channels.timeout_s,
                )
            )
    return found

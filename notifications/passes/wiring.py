"""Which wallets are set up here. Owns building their parts once, and the order of starting and stopping; libraries are imported for these alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.kernel.db import Database
from app.kernel.outbox import Subscriptions
from notifications.channel_settings import ChannelSettings
from notifications.passes import handlers
from notifications.passes.forms import PassForms
from notifications.passes.jobs import PassLoop
from notifications.passes.ports import PassGateway, Wallet
from notifications.passes.showing import LiveCodes
from notifications.settings import NotificationSettings

if TYPE_CHECKING:
    from notifications.passes.adapters.google_gateway import GoogleLink
    from notifications.passes.adapters.pkpass_gateway import PassSigner


@dataclass(frozen=True, slots=True)
class Passes:
    """`apple`, `google` None: that wallet is not set up. `loops` tell those that are of changes."""

    forms: PassForms
    apple: PassSigner | None = None
    google: GoogleLink | None = None
    loops: tuple[PassLoop, ...] = ()

    def tells(self, wallet: Wallet) -> bool:
        """Whether changes are told there."""
        return any(loop.gateway.wallet is wallet for loop in self.loops)

    def subscribe(self, subscriptions: Subscriptions) -> None:
        """Where no wallet is set up nobody holds a pass, and no coupon that moves need ask."""
        if self.loops:
            handlers.subscribe(subscriptions, self.wake)

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        for loop in self.loops:
            loop.wake()

    def stop(self) -> None:
        for loop in self.loops:
            loop.stop()
            loop.gateway.close()


def build(
    database: Database, settings: NotificationSettings, channels: ChannelSettings | None, origin: str, live_codes: LiveCodes | None = None,
    *, gateways: Sequence[PassGateway] | None = None,
) -> Passes:  # fmt: skip
    """`gateways` given: use them (tests). Raises ValueError, KeyError or OSError if a certificate or an account cannot be read."""
    chosen = channels or ChannelSettings()  # type: ignore[call-arg]
    apple = google = None
    found: list[PassGateway] = []
    if chosen.apple_pass_certificate_path:
        from notifications.passes.adapters.apns_gateway import ApnsGateway
        from notifications.passes.adapters.pkpass_gateway import PassSigner

        apple = PassSigner(chosen.apple_pass_certificate_path, chosen.apple_pass_chain_path)
        if gateways is None:
            found.append(ApnsGateway(chosen.apns_url, chosen.apple_pass_certificate_path, chosen.apple_pass_type, timeout_s=chosen.timeout_s))
    if chosen.google_wallet_account_path:
        from notifications.passes.adapters.google_gateway import GoogleLink
        from notifications.passes.adapters.objects_gateway import ObjectsGateway

        google = GoogleLink(chosen.google_wallet_account_path, origin)
        if gateways is None:
            found.append(ObjectsGateway(chosen.google_wallet_url, chosen.google_wallet_account_path, timeout_s=chosen.timeout_s))
    forms = PassForms(chosen, origin, live_codes or LiveCodes())
    loops = tuple(PassLoop(database, gateway, settings, forms) for gateway in (found if gateways is None else gateways))
    return Passes(forms, apple, google, loops)


def of(house: Any) -> Passes:
    """Those of a running house."""
    return house.notifications.passes

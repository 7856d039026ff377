"""Which wallets are set up here. Owns building their parts once; libraries are imported for these alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifications.channel_settings import ChannelSettings

if TYPE_CHECKING:
    from notifications.passes.adapters.google_gateway import GoogleLink
    from notifications.passes.adapters.pkpass_gateway import PassSigner


@dataclass(frozen=True, slots=True)
class Passes:
    """None: that wallet is not set up."""

    apple: PassSigner | None = None
    google: GoogleLink | None = None


def build(channels: ChannelSettings | None, origin: str) -> Passes:
    """Raises ValueError, KeyError or OSError if a certificate or an account cannot be read."""
    apple = google = None
    if channels is not None and channels.apple_pass_certificate_path:
        from notifications.passes.adapters.pkpass_gateway import PassSigner

        apple = PassSigner(channels.apple_pass_certificate_path, channels.apple_pass_chain_path)
    if channels is not None and channels.google_wallet_account_path:
        from notifications.passes.adapters.google_gateway import GoogleLink

        google = GoogleLink(channels.google_wallet_account_path, origin)
    return Passes(apple, google)


def of(house: Any) -> Passes:
    """Those of a running house."""
    return house.notifications.passes

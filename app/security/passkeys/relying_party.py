"""For whom passkeys are made: our name, our domain, and the addresses from which they may be used.

Owns how these follow from the settings and the address people see. Must not read a request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

NAME = "Mobile Moments"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """WebAuthn's relying party: `id` is a domain, `origins` are what a browser (or app) may say it was on."""

    id: str
    origins: tuple[str, ...]
    name: str = NAME

    @property
    def usable(self) -> bool:
        """Browsers make passkeys for domain names only: `localhost`, but not 127.0.0.1."""
        try:
            ipaddress.ip_address(self.id.strip("[]"))
        except ValueError:
            return bool(self.id)
        return False


def relying_party(address: str, rp_id: str = "", origins: Sequence[str] = ()) -> RelyingParty:
    """`address` is where people find us (`https://shop.example`), or where this request arrived when nothing is set.

    `rp_id` (a parent domain) and further `origins` (an app's `android:apk-key-hash:...`) come from the settings.
    """
    parts = urlsplit(address)
    return RelyingParty(rp_id or (parts.hostname or ""), (f"{parts.scheme}://{parts.netloc}".lower(), *origins))

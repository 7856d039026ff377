"""What the pass of a coupon says now, in the form of each wallet, with what this house is set to.

Owns bringing facts, settings and forms together, and the mark by which two forms are told apart. Must not sign or send.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.security.sealing import keyed_hash
from notifications.channel_settings import ChannelSettings
from notifications.passes import contents, showing
from notifications.passes.contents import PassFacts
from notifications.passes.ports import Wallet
from notifications.passes.showing import LiveCodes

SERVICE = "/wallet/apple"
ORGANISATION = "Mobile Moments"


@dataclass(frozen=True, slots=True)
class PassForms:
    """`origin` is where people find this house."""

    channels: ChannelSettings
    origin: str
    live_codes: LiveCodes = field(default_factory=LiveCodes)

    def facts(self, session: Session, coupon_id: str, at: datetime) -> PassFacts | None:
        """None when there is no such coupon (any more). Ask whose it is first."""
        return showing.facts_of(session, coupon_id, origin=self.origin, at=at, live_codes=self.live_codes)

    def of(self, wallet: Wallet, facts: PassFacts) -> dict[str, Any]:
        c = self.channels
        if wallet is Wallet.GOOGLE:
            return contents.google(facts, issuer=c.google_wallet_issuer, wallet_class=c.google_wallet_class)
        service = self.origin + SERVICE if self.origin.startswith("https://") else ""  # a wallet asks nothing of an address without TLS
        return contents.apple(
            facts, pass_type=c.apple_pass_type, team=c.apple_team, organisation=ORGANISATION, service_url=service, token=showing.token_of(facts.serial)
        )

    def digest(self, wallet: Wallet, facts: PassFacts) -> str:
        """The same for the same form. Keyed: a form holds a code."""
        return keyed_hash("pass_form", json.dumps(self.of(wallet, facts), sort_keys=True, ensure_ascii=False))

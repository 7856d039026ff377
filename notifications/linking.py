"""Which messages may carry a link, channel by channel.

Owns that rule. Every link is one of ours, signed for her alone and for as long as the offer lives (app/security/deep_links.py). In a text
message anybody can write in our name; so what moves money or an account is never led to from one. Pure.
"""

from __future__ import annotations

from notifications.contracts import ChannelKind

HARMLESS = ("/m/coupons/", "/m/offers", "/m/wallet", "/m/shop", "/m/why/", "/m/messages", "/m/support", "/m/surveys/")
"""Pages that show and do nothing by being opened, and ask for nothing."""
_ANYBODY_CAN_WRITE = frozenset({ChannelKind.SMS, ChannelKind.WHATSAPP})


def leads_to_risk(path: str) -> bool:
    """Whether it leads to a page where money or an account is moved. A page nobody has called harmless is taken for one."""
    return bool(path) and path != "/m" and not path.startswith(HARMLESS)


def may_carry(channel: ChannelKind, path: str, *, risky: bool) -> bool:
    """`risky` as the campaign says it, or as `leads_to_risk` finds it."""
    return bool(path) and not (risky and channel in _ANYBODY_CAN_WRITE)

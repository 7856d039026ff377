"""What is handed to a channel: the stored message in the form that leaves the house.

Owns that it carries her word, a link that opens for her alone, and for an e-mail the link that ends them. Must not decide whether to
send, and must not send.
"""

from __future__ import annotations

from datetime import datetime

from app.security.deep_links import signed_link
from notifications import compose, leaving
from notifications.addresses import Address
from notifications.contracts import ChannelKind
from notifications.models import Delivery, Message
from notifications.ports import Extras, PushRequest


def request_for(delivery: Delivery, message: Message, address: Address, word: str, at: datetime) -> PushRequest:
    """One delivery as its channel is asked to carry it. `word` is the one by which she knows that a message is from us."""
    channel = ChannelKind(delivery.channel)
    body, link = compose.with_word(message.body, word), signed_link(message.shopper_id, message.link, message.expires_at)
    return PushRequest(
        message_id=message.id,
        address=address.value,
        kind=address.kind,
        title=message.title,
        body=body,
        link=link,
        collapse_key=message.collapse_key,
        ttl_s=compose.ttl_s(delivery.expires_at, at),
        expires_at=delivery.expires_at,
        data={"message_id": message.id, "title": message.title, "body": body, "link": link},
        extras=_extras(channel, message),
    )


def _extras(channel: ChannelKind, message: Message) -> Extras:
    if channel is ChannelKind.EMAIL:
        return Extras(unsubscribe=leaving.path(message.shopper_id, channel))
    return Extras()

"""What is handed to a channel: the stored message in the form that leaves the house.

Owns that it carries her word, a link that opens for her alone, and for an e-mail the link that ends them. Must not decide whether to
send, and must not send.
"""

from __future__ import annotations

from datetime import datetime
from html import escape

from app.security import return_paths
from app.security.deep_links import signed_link
from notifications import checking, compose, leaving, linking, told
from notifications.addresses import Address
from notifications.contents import Content
from notifications.contracts import ChannelKind
from notifications.models import Delivery, Message
from notifications.ports import Extras, PushRequest

OFFER = "offer"
SHOWS_THE_CODE = (ChannelKind.SMS, ChannelKind.WHATSAPP, ChannelKind.EMAIL)
"""Where anybody could write in our name: there the text itself brings the code she can ask us by. An app has it beside the text."""


def request_for(
    delivery: Delivery, message: Message, content: Content, address: Address, word: str, at: datetime, *, in_window: bool = False
) -> PushRequest:
    """One delivery as its channel is asked to carry it. `word` is the one by which she knows that a message is from us; `in_window`: she has
    written to us by WhatsApp within its 24 hours."""
    channel = ChannelKind(delivery.channel)
    said = told.on(channel, content.title, content.body, content.texts)
    risky = said.risky or (message.kind != OFFER and linking.leads_to_risk(content.link))
    code = checking.code_of(message.shopper_id, message.id)
    body = compose.with_word(said.body, f"{word} {code}" if channel in SHOWS_THE_CODE else word)
    link = signed_link(message.shopper_id, content.link, message.expires_at) if linking.may_carry(channel, content.link, risky=risky) else ""
    return PushRequest(
        message_id=message.id,
        address=address.value,
        kind=address.kind,
        title=said.title,
        body=body,
        link=link,
        collapse_key=message.collapse_key,
        ttl_s=compose.ttl_s(delivery.expires_at, at),
        expires_at=delivery.expires_at,
        data={"message_id": message.id, "title": said.title, "body": body, "link": link, "check": code},
        extras=Extras(
            language=said.language,
            unsubscribe=leaving.path(message.shopper_id, channel, said.language) if channel is ChannelKind.EMAIL else "",
            html=f"{said.html}<p>{escape(word)} {code}</p>" if said.html else "",
            risky=risky,
            in_window=in_window,
            returned_as=return_paths.token_of(message.id) if channel is ChannelKind.EMAIL else "",
        ),
    )

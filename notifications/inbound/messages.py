"""What somebody writes to us by SMS or WhatsApp, as Twilio and Meta bring it, in our words.

Owns taking a request apart that was believed. Must not decide who wrote it: that is conversations/texting.py.
Sources: Twilio, incoming message webhook; Meta, WhatsApp Cloud API, webhook `messages`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.kernel.errors import Invalid
from app.security.contacts.facade import ContactKind, accepted
from notifications.conversations.contracts import Way
from notifications.conversations.hearing import KEPT_CHARS
from notifications.conversations.texting import Text


def of_twilio(fields: Mapping[str, str]) -> Text | None:
    """None: it has no number or no id. A word that Twilio took for stopping comes as that word."""
    sender = fields.get("From", "")
    way = Way.WHATSAPP if sender.startswith("whatsapp:") else Way.SMS
    number = _number(sender.removeprefix("whatsapp:"))
    text = fields.get("OptOutType") or fields.get("Body", "")
    return Text("twilio", fields["MessageSid"], way, number, text[:KEPT_CHARS]) if number and fields.get("MessageSid") else None


def of_meta(body: bytes) -> list[Text]:
    """The messages in the order they were written; what is no message (statuses) is passed over. Raises Invalid."""
    try:
        document = json.loads(body)
        values = [change["value"] for entry in document["entry"] for change in entry["changes"] if change.get("field") == "messages"]
        found = sorted((m for value in values for m in value.get("messages", ())), key=lambda m: int(m.get("timestamp", 0)))
        texts = [(str(m["id"]), _number("+" + str(m["from"]).lstrip("+")), _words(m)) for m in found]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Invalid.field("body", "messages as Meta's Cloud API sends them") from None
    return [Text("meta", message_id, Way.WHATSAPP, number, words) for message_id, number, words in texts if number]


def _words(message: dict[str, Any]) -> str:
    """What was written; of anything else its kind, which nobody understands and a person will look at."""
    kind = str(message.get("type", ""))
    text = message["text"]["body"] if kind == "text" else message["button"]["text"] if kind == "button" else f"({kind[:20]})"
    return str(text).replace("\x00", "").encode("utf-8", "replace").decode()[:KEPT_CHARS]  # JSON may hold half a sign


def _number(typed: str) -> str:
    """In E.164, or empty: a sender that is no number is nobody."""
    try:
        return accepted(ContactKind.PHONE, typed)
    except Invalid:
        return ""

"""The door of notifications: the inbox, what became of a message and why, and push tokens.

Owns nothing of its own; it names what others may ask. Callers pass their session first and must not read this room's tables.
Queueing is not here: a message is made by the event `coupon.issued` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.kernel.languages import PLAIN
from notifications import answers, checking, phrases, preferences, rehearsing, repository, tokens
from notifications.contracts import ChannelKind, DeliveryView, InboxMessage, MessageExplained, SaidReason
from notifications.conversations import facade as conversations
from notifications.inbound.mails import MOST_BYTES as MAIL_MOST_BYTES
from notifications.inbound.reasons import MailReason
from notifications.inbound.returned import take as mail_came_back
from notifications.metering import facade as metering
from notifications.models import Message
from notifications.passes import changes
from notifications.ports import TokenKind
from notifications.support import facade as support
from notifications.surveys import facade as surveys
from notifications.webhooks import facade as webhooks
from notifications.words import Reader, said
from offers import facade as offers
from offers.contracts import MessageExample, Way

if TYPE_CHECKING:
    from notifications.previewing import Preview

__all__ = [
    "MAIL_MOST_BYTES", "MailReason", "Reader", "conversations", "deliveries", "due_pushes", "explain", "explain_wish", "forget_push_token", "inbox", "mail_came_back", "mark_clicked", "mark_dismissed", "mark_seen", "metering", "register_push_token",
    "rehearse_pushes", "send_due", "support", "surveys", "wallet_certificate_ends_at", "wallets", "webhooks",
]  # fmt: skip

rehearse_pushes, due_pushes, send_due = rehearsing.lay_down, rehearsing.due, rehearsing.send_due
"""For `moments bench notify` alone."""

def inbox(
    session: Session, shopper_id: str, after_position: int = 0, at: datetime | None = None, limit: int = 100
) -> list[InboxMessage]:
    """Live messages that have not ended at `at` (default: now), oldest first, after a position."""
    return repository.inbox_after(session, shopper_id, after_position, at or session.info["clock"].now(), limit)


def mark_seen(session: Session, shopper_id: str, message_id: str, at: datetime) -> InboxMessage:
    """Raises UnknownMessage (404) for another's message."""
    return answers.answer(session, shopper_id, message_id, answers.Answer.SEEN, at)


def mark_clicked(session: Session, shopper_id: str, message_id: str, at: datetime) -> InboxMessage:
    return answers.answer(session, shopper_id, message_id, answers.Answer.CLICKED, at)


def mark_dismissed(session: Session, shopper_id: str, message_id: str, at: datetime) -> InboxMessage:
    return answers.answer(session, shopper_id, message_id, answers.Answer.DISMISSED, at)


def deliveries(session: Session, *, coupon_id: str | None = None, message_id: str | None = None) -> list[DeliveryView]:
    """What became of one message, or of the message about one coupon, on each channel."""
    if message_id is None:
        row = repository.message_about(session, coupon_id) if coupon_id else None
        message_id = row.id if row else None
    return repository.deliveries_of(session, [message_id]) if message_id else []


def explain(
    session: Session,
    *,
    coupon_id: str | None = None,
    message_id: str | None = None,
    moment_id: str | None = None,
    shopper_id: str | None = None,
    campaign_id: str | None = None,
    reader: Reader = Reader.SHOPPER,
) -> MessageExplained | None:
    """Why something was or was not told, from what was recorded then; None if there is no such message (yet).

    By the message, its coupon or its moment, or the newest of a campaign to a shopper; `reader` says in whose words, hers in her language.
    """
    row = repository.message(session, message_id) if message_id else None
    if row is None and coupon_id:
        row = repository.message_about(session, coupon_id)
    if row is None and (moment_id or (shopper_id and campaign_id)):
        row = repository.newest_message(session, moment_id=moment_id, shopper_id=shopper_id, campaign_id=campaign_id)
    return _explained(session, row, reader) if row else None


def explain_wish(session: Session, *, moment_id: str, reader: Reader = Reader.SHOPPER) -> MessageExplained | None:
    """Why she was, or was not, told at this moment that something of her list is near."""
    row = repository.wish_message(session, moment_id)
    return _explained(session, row, reader) if row else None


def register_push_token(
    session: Session, device_id: str, shopper_id: str, token: str, kind: str = "token", *, timezone: str | None = None
) -> str:
    """The device can be reached there from now on; `kind` is token or fid. Returns an id, never the token. Raises Invalid."""
    at = session.info["clock"].now()
    return tokens.register(
        session, device_id=device_id, shopper_id=shopper_id, token=token, kind=TokenKind(kind), at=at, timezone=timezone
    )


PREVIEWED = ("fcm", "sms", "whatsapp", "email")


def preview(session: Session, campaign_id: str, *, language: str = "", channel: str = "", called: str = "Aino") -> Preview:
    """How a campaign's message will look on each device. Raises NoSuchCampaign (404)."""
    return _looks(offers.message_example(session, campaign_id, session.info["clock"].now()), language, channel, called)


def preview_of(document: Mapping[str, Any], at: datetime, *, language: str = "", channel: str = "", called: str = "Aino") -> Preview:
    """The same of a campaign that is still being written, as `POST /v1/campaigns` takes it. Raises Invalid, naming what is wrong."""
    return _looks(offers.message_example_of(document, at), language, channel, called)


def _looks(example: MessageExample, language: str, channel: str, called: str) -> Preview:
    from notifications.previewing import preview as look  # lazy: the template language costs a third of a second

    return look(example, language=language, called=called, only=ChannelKind(channel) if channel else None)


liked = preferences.liked
"""How she likes to be told: language, ways and name."""
sent_to, ask_code, note_unknown_code = checking.sent_to, checking.ask, checking.note
"""The last messages that left for her, with their codes; and the one of hers that has a code, if there is one. Limit the tries."""


def like(session: Session, shopper_id: str, *, language: str, ways: Sequence[Way], called: str, at: datetime) -> preferences.Liked:
    """The whole of it, in place of what was; her passes are written in her language. Raises Invalid."""
    changes.ask_of_shoppers(session, [shopper_id], at)
    return preferences.keep(session, shopper_id, language=language, ways=ways, called=called, at=at)


def can_web_push(house: Any) -> bool:
    """Whether browsers can subscribe here."""
    return ChannelKind.WEB_PUSH in house.notifications.channels


def wallet_certificate_ends_at(path: str) -> datetime | None:
    """When Apple's certificate for passes in this file ends; None: it holds none with its key."""
    from notifications.passes.adapters.pkpass_gateway import PassSigner

    try:
        return PassSigner(path).ends_at
    except (OSError, ValueError):
        return None


def wallets(house: Any) -> dict[str, bool]:
    """Which wallets her coupons can be put into here."""
    passes = house.notifications.passes
    return {"apple": passes.apple is not None, "google": passes.google is not None}


def forget_push_token(session: Session, device_id: str) -> bool:
    return tokens.forget_device(session, device_id)


def _explained(session: Session, row: Message, reader: Reader) -> MessageExplained:
    """The text tells each thing once: what stood against the message, then what stood in the way on each channel."""
    views = repository.deliveries_of(session, [row.id])
    language = preferences.language_of(session, row.shopper_id) if reader is Reader.SHOPPER else PLAIN
    of_ways = [r for r in row.weighed if "channel" in r["facts"]]
    kinds = (row.reasons, [r for r in row.weighed if r["passed"] and r not in of_ways], of_ways)
    reasons, held, looked = ([SaidReason(r["code"], said(r["code"], r.get("facts", {}), reader, language), r.get("facts", {})) for r in kept] for kept in kinds)
    told = {reason.code for reason in reasons}
    ways = [said(code, {}, reader, language) for view in views if view.state != "claimed" for code in view.reasons if code not in told]
    return MessageExplained(
        message_id=row.id,
        coupon_id=row.coupon_id,
        shopper_id=row.shopper_id,
        state=row.state,
        text=" ".join(dict.fromkeys((phrases.say(f"state.{row.state}", language) if f"state.{row.state}" in phrases.EVERY else row.state, *(r.text for r in reasons), *ways))),
        reasons=tuple(reasons),
        deliveries=tuple(views),
        decided_at=row.created_at,
        held=tuple(held),
        ways=tuple(looked),
        campaign_id=row.campaign_id,
        moment_id=row.moment_id,
    )

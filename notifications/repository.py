"""How the rows of notifications are found and read into contracts.

Owns the queries more than one use case needs. Must not decide and must not move a delivery's state (announce, dispatch and
cancel do).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.db import Database, inserting, prepared
from app.kernel.verdict import Fail
from notifications import contents
from notifications.contracts import DeliveryView, InboxMessage
from notifications.models import WISH, Delivery, Message, PushToken, Recipient
from notifications.policy import Rule
from notifications.reasons import NotificationReason as Reason


@cache
def _turn(dialect: str) -> Any:
    """Built once; the row is made if this is her first."""
    first = inserting(Recipient, dialect).values(shopper_id=bindparam("whose"), weighed=1, last_weighed_at=bindparam("at"))
    again = {"weighed": Recipient.weighed + 1, "last_weighed_at": first.excluded.last_weighed_at}
    return first.on_conflict_do_update(index_elements=["shopper_id"], set_=again).returning(Recipient.timezone)


def take_turn(session: Session, shopper_id: str, at: datetime) -> str | None:
    """Lock the shopper's row until the transaction ends and return her own time zone, if she has told us.

    Of two transactions about the same shopper the second waits here, so each sees what the other has said.
    """
    return prepared(session, _turn(session.get_bind().dialect.name), {"whose": shopper_id, "at": at}).scalar_one()


def recorded(weighed: Sequence[Rule]) -> list[dict[str, Any]]:
    """How what was weighed is kept."""
    return [{"code": rule.code, "passed": rule.passed, "facts": rule.facts} for rule in weighed]


def against(fails: Sequence[Fail]) -> list[dict[str, Any]]:
    return [{"code": str(fail.reason), "facts": dict(fail.facts)} for fail in fails]


class Token(NamedTuple):
    """Where a push goes; the address itself is looked up when it is sent."""

    id: str
    device_id: str
    kind: str


_TOKENS = select(PushToken.id, PushToken.device_id, PushToken.kind).where(PushToken.device_id.in_(bindparam("device_ids", expanding=True))).order_by(PushToken.id)


def tokens_on(session: Session, device_ids: Sequence[str]) -> list[Token]:
    return [Token(*row) for row in prepared(session, _TOKENS, {"device_ids": list(device_ids)})] if device_ids else []


_KNOWN = select(Message.id).where(Message.id.in_(bindparam("ids", expanding=True)))


def known(session: Session, message_ids: Collection[str]) -> set[str]:
    """Those that were said, or not said, before."""
    return set(prepared(session, _KNOWN, {"ids": list(message_ids)}).scalars())


def message(session: Session, message_id: str, *, shopper_id: str | None = None) -> Message | None:
    """One message; with `shopper_id` only hers."""
    found = select(Message).where(Message.id == message_id)
    return session.scalar(found if shopper_id is None else found.where(Message.shopper_id == shopper_id))


def message_about(session: Session, coupon_id: str) -> Message | None:
    return session.scalar(select(Message).where(Message.coupon_id == coupon_id).order_by(Message.position).limit(1))


def newest_message(
    session: Session, *, moment_id: str | None = None, shopper_id: str | None = None, campaign_id: str | None = None
) -> Message | None:
    """Of those for which all that is given holds; of a moment, what was offered before what of her list was near."""
    found = select(Message).order_by(Message.kind == WISH, Message.position.desc()).limit(1)
    for column, value in ((Message.moment_id, moment_id), (Message.shopper_id, shopper_id), (Message.campaign_id, campaign_id)):
        if value is not None:
            found = found.where(column == value)
    return session.scalar(found)


def wish_message(session: Session, moment_id: str) -> Message | None:
    """What she was, or was not, told of her list at this moment."""
    return session.scalar(select(Message).where(Message.moment_id == moment_id, Message.kind == WISH).order_by(Message.position.desc()).limit(1))


_AFTER = (
    select(Message.position, Message.id, Message.shopper_id, Message.kind, Message.sealed, Message.coupon_id, Message.collapse_key, Message.created_at, Message.expires_at, Message.seen_at)
    .where(Message.shopper_id == bindparam("shopper_id"), Message.position > bindparam("after"), Message.state == "live", Message.expires_at > bindparam("at"))
    .order_by(Message.position)
    .limit(bindparam("most"))
)


def inbox_after(session: Session, shopper_id: str, after_position: int, at: datetime, limit: int) -> list[InboxMessage]:
    """Live messages that have not ended at `at`, oldest first, with a greater position."""
    return _in_inbox(prepared(session, _AFTER, {"shopper_id": shopper_id, "after": after_position, "at": at, "most": limit}).all())


def glance_after(database: Database, shopper_id: str, after_position: int, at: datetime, limit: int) -> list[InboxMessage]:
    """`inbox_after` outside any transaction."""
    return _in_inbox(database.glance(_AFTER, {"shopper_id": shopper_id, "after": after_position, "at": at, "most": limit}))


def newest_position(session: Session) -> int:
    return session.scalar(select(func.max(Message.position))) or 0


def deliveries_of(session: Session, message_ids: Sequence[str]) -> list[DeliveryView]:
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.message_id.in_(message_ids))
        .order_by(Delivery.message_id, Delivery.channel.desc(), Delivery.id)
    )
    return [DeliveryView(r.message_id, r.channel, r.state, (*r.reasons, *_complained(r)), r.attempts, r.sent_at, r.mail_status or "") for r in rows]


def _complained(row: Delivery) -> tuple[str, ...]:
    """Beside whatever else is told of it: she may complain of what was delivered."""
    return (Reason.COMPLAINED.value,) if row.complained_at is not None else ()


def in_inbox(row: Message) -> InboxMessage:
    """Raises `Destroyed` when she was erased meanwhile."""
    return _inbox_message(row, contents.content_of(row))


def _in_inbox(rows: Sequence[Any]) -> list[InboxMessage]:
    said = contents.contents_of(rows)
    return [_inbox_message(row, said[row.id]) for row in rows if row.id in said]


def _inbox_message(row: Any, said: contents.Content) -> InboxMessage:
    return InboxMessage(
        id=row.id,
        position=row.position,
        shopper_id=row.shopper_id,
        kind=row.kind,
        title=said.title,
        body=said.body,
        link=said.link,
        coupon_id=row.coupon_id,
        collapse_key=row.collapse_key,
        created_at=row.created_at,
        expires_at=row.expires_at,
        seen_at=row.seen_at,
    )

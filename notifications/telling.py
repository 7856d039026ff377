"""Several messages that are told, or not told, in one transaction: each shopper's in their order, written at once.

Owns the order and the writing. Must not decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.kernel import trace_steps
from app.kernel.outbox import Event, emit_many
from notifications import deliveries
from notifications.models import Message
from offers.contracts import CouponIssued


def one_each(events: Sequence[CouponIssued]) -> list[list[CouponIssued]]:
    """Turns in which nobody is told twice: what she is told in one bears on what she may be told in the next."""
    turns: list[list[CouponIssued]] = []
    told = Counter[str]()
    for event in events:
        if told[event.shopper_id] == len(turns):
            turns.append([])
        turns[told[event.shopper_id]].append(event)
        told[event.shopper_id] += 1
    return turns


@dataclass(frozen=True, slots=True)
class Telling:
    """What one turn writes: messages, how each goes out, and what is said of it in the house."""

    messages: list[Message] = field(default_factory=list[Message])
    made: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    events: list[tuple[Event, str]] = field(default_factory=list[tuple[Event, str]])

    def add(self, message: Message, made: Sequence[dict[str, Any]], event: Event | None) -> None:
        self.messages.append(message)
        self.made.extend(made)
        if event is not None:
            self.events.append((event, message.shopper_id))

    def write(self, session: Session) -> None:
        emit_many(session, self.events, beside=deliveries.rows(self.messages, self.made))
        trace_steps.leave(session, *(message.id for message in self.messages))

"""What the roof may ask of conversations; named by the room's own facade. Owns nothing."""

from __future__ import annotations

from notifications.conversations.contracts import (
    Author,
    Packet,
    SaidView,
    ThreadState,
    ThreadView,
    Waiting,
    Way,
)
from notifications.conversations.faq import facade as faq
from notifications.conversations.handing import REPLY_MOST_CHARS, claim, hand_back, more, packet, queue, reply
from notifications.conversations.hearing import accept, hear
from notifications.conversations.needs import remembered
from notifications.conversations.reading import Talk, in_app, talk, threads
from notifications.conversations.reasons import SENTENCES, ConversationReason
from notifications.conversations.suggesting import Advice
from notifications.conversations.wiring import Conversations, of
from notifications.conversations.words import MAX_CHARS

__all__ = [
    "MAX_CHARS", "REPLY_MOST_CHARS", "SENTENCES", "Advice", "Author", "ConversationReason", "Conversations", "Packet", "SaidView", "Talk", "ThreadState", "ThreadView", "Waiting", "Way",
    "accept", "claim", "faq", "hand_back", "hear", "in_app", "more", "of", "packet", "queue", "remembered", "reply", "talk", "threads",
]  # fmt: skip

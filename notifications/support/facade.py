"""What the roof may ask of support; named by the room's own facade. Owns nothing."""

from __future__ import annotations

from notifications.support.contracts import About, Category, Channel, EntryKind, Priority, QueuedCase
from notifications.support.errors import CaseNotToRate
from notifications.support.handling import BY_HAND, answer, claim, file, merge, move, note, queue, release, sort
from notifications.support.opening import SUBJECT_MOST_CHARS, TEXT_MOST_CHARS, Told, open_case, open_for, write
from notifications.support.rating import WORDS_MOST_CHARS, rate
from notifications.support.states import CaseState, Move
from notifications.support.viewing import figures, hers, one_of_hers
from notifications.support.wiring import Support, of

__all__ = [
    "BY_HAND", "SUBJECT_MOST_CHARS", "TEXT_MOST_CHARS", "WORDS_MOST_CHARS", "About", "CaseNotToRate", "CaseState", "Category", "Channel", "EntryKind", "Move", "Priority", "QueuedCase", "Support", "Told",
    "answer", "claim", "figures", "file", "hers", "merge", "move", "note", "of", "one_of_hers", "open_case", "open_for", "queue", "rate", "release", "sort", "write",
]  # fmt: skip

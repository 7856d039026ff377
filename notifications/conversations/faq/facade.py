"""What the roof may ask of the FAQ; named by the facade of conversations. Owns nothing."""

from __future__ import annotations

from notifications.conversations.faq.files import of_text, to_csv, to_json
from notifications.conversations.faq.keeping import FaqAnswer, FaqEntry, entries, entry, keep, keep_all, remove, search
from notifications.conversations.faq.schemas import ANSWER_MOST_CHARS, EntryIn, FaqIn

__all__ = ["ANSWER_MOST_CHARS", "EntryIn", "FaqAnswer", "FaqEntry", "FaqIn", "entries", "entry", "keep", "keep_all", "of_text", "remove", "search", "to_csv", "to_json"]

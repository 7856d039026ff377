"""A language model in memory: answers what it was told to, and remembers what it was shown."""

from __future__ import annotations

import json
from collections.abc import Mapping


class MemoryModel:
    """`answers`: a part of a message -> the answer; a mapping is written as JSON, None is no answer. Anything else gets `{"intent": "none"}`."""

    name = "memory"

    def __init__(self, answers: Mapping[str, object] | None = None) -> None:
        self.answers = dict(answers or {})
        self.shown: list[str] = []

    def choose(self, message: str) -> str | None:
        self.shown.append(message)
        found = next((answer for part, answer in self.answers.items() if part in message), {"intent": "none"})
        return found if found is None or isinstance(found, str) else json.dumps(found)

    def close(self) -> None:
        return None

"""What a message says: its title, its text and where it leads, sealed with the key of whom it is for.

Owns the form in which that is stored. Everything else of a message is ids, times and codes, which say nothing of her alone; its words may
say anything, and must not be read in an old backup once she is gone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.kernel.logs import get_logger
from app.security.sealing import CannotOpen
from app.security.vault import Destroyed, open_each, seal_for
from notifications.models import Message

log = get_logger(__name__)
PURPOSE = "message"


@dataclass(frozen=True, slots=True)
class Content:
    """`link` is a path of ours, empty where it leads nowhere. `texts` is what some channels say otherwise (told.py)."""

    title: str
    body: str
    link: str
    texts: dict[str, Any] = field(default_factory=dict[str, Any])


def sealed(shopper_id: str, message_id: str, content: Content) -> bytes:
    return seal_for(shopper_id, PURPOSE, json.dumps(asdict(content), ensure_ascii=False).encode(), message_id.encode())


def content_of(row: Message) -> Content:
    """Raises `Destroyed` when she was erased meanwhile."""
    found = contents_of([row])
    if not found:
        raise Destroyed
    return found[row.id]


def contents_of(rows: Sequence[Any]) -> dict[str, Content]:
    """What each says, by the message's id; none of those whose owner was erased. `rows` have at least their id and what is sealed."""
    kept = [row for row in rows if row.sealed]
    return {row.id: Content(**json.loads(plain)) for row, plain in zip(kept, _opened(kept), strict=True) if plain is not None}


def _opened(rows: Sequence[Any]) -> list[bytes | None]:
    try:
        return open_each(PURPOSE, [(row.sealed, row.id.encode()) for row in rows])
    except CannotOpen:
        if len(rows) == 1:
            raise
    return [_or_none(row) for row in rows]  # one of them: it must not hold up the others


def _or_none(row: Any) -> bytes | None:
    try:
        return _opened([row])[0]
    except CannotOpen:
        log.warning("message_does_not_open", message_id=row.id)
        return None

"""What the assistant remembers of a thread from one message to the next: what it asked back, what "it" is, what it proposed.

Pure. Owns the shape and how it is written down (JSON, sealed by whoever stores it). What cannot be read is forgotten, never guessed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from notifications.conversations.answering import Asked, Kind, Needs, Reply
from notifications.conversations.knowledge import Intent
from notifications.conversations.proposing import Line


@dataclass(frozen=True, slots=True)
class Memory:
    """`lines`: the cart that is proposed and not answered. `needs`: what she may be asked to let us remember; `may_remember`: she has been."""

    asked: Asked | None = None
    products: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    needs: Needs | None = None
    may_remember: bool = False


NOTHING = Memory()


def after(before: Memory, reply: Reply) -> Memory:
    """What is remembered once this was said. A proposal stands until something else is proposed or she has answered it."""
    needs = reply.needs if reply.needs is not None and (reply.needs.people or reply.needs.free_from) and reply.kind is Kind.ANSWER else None
    return Memory(reply.asked, reply.products or before.products, reply.lines, needs)


def answered(before: Memory) -> Memory:
    """The proposal has been answered."""
    return replace(before, lines=(), asked=None)


def written(memory: Memory) -> bytes:
    return json.dumps(asdict(memory), ensure_ascii=False, separators=(",", ":")).encode()


def read(kept: bytes) -> Memory:
    try:
        found: dict[str, Any] = json.loads(kept)
        needs = found["needs"]
        return Memory(
            _asked(found["asked"]) if found["asked"] else None,
            tuple(found["products"]),
            tuple(Line(str(line["product_id"]), int(line["quantity"])) for line in found["lines"]),
            Needs(needs["people"], tuple(needs["free_from"])) if needs else None,
            bool(found["may_remember"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return NOTHING


def _asked(found: dict[str, Any]) -> Asked:
    products, allergens, days, strange = (tuple(found[name]) for name in ("products", "allergens", "days", "strange"))
    return Asked(Intent(found["intent"]), products, allergens, bool(found["any_allergen"]), days, strange)

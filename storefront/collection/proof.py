"""The code on her phone that proves who fetches an order: eight digits, others every fifteen seconds, as those of a coupon.

Owns the secret of an order and how code and order are written together. Must not know whether anything may be handed over.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from app.security import rotating
from app.security.sealing import keyed_hash

PREFIX = "MC1"
_WRITTEN = re.compile(rf"{PREFIX}\.(ord_[0-9a-z]{{10,36}})\.([0-9]{{{rotating.DIGITS}}})")
_DIGITS = re.compile(rf"[0-9]{{{rotating.DIGITS}}}")


@dataclass(frozen=True, slots=True)
class LiveProof:
    """`text` for the picture, `digits` to be read out. `stem` and `secret` let the phone make the next ones itself, until `good_until`."""

    text: str
    digits: str
    stem: str
    secret: str
    step_s: int
    shown_at: datetime
    changes_at: datetime
    good_until: datetime


def secret_of(order_id: str) -> bytes:
    """Made from the house's key, so that nobody who reads the database can make a code."""
    return bytes.fromhex(keyed_hash("collection_code", order_id))


def live(order_id: str, at: datetime, good_until: datetime) -> LiveProof:
    secret, step = secret_of(order_id), rotating.step_of(at.timestamp())
    digits, stem = rotating.hotp(secret, step), f"{PREFIX}.{order_id}."
    changes_at = datetime.fromtimestamp((step + 1) * rotating.STEP_S, UTC)
    return LiveProof(stem + digits, digits, stem, base64.b64encode(secret).decode(), rotating.STEP_S, at, changes_at, good_until)


def apart(typed: str) -> tuple[str | None, str]:
    """(order, digits) of what was scanned, (None, digits) of what was typed; empty digits for anything else."""
    squeezed = re.sub(r"[\s-]", "", typed) if len(typed) <= 120 else ""
    if found := _WRITTEN.fullmatch(squeezed):
        return found[1], found[2]
    return None, squeezed if _DIGITS.fullmatch(squeezed) else ""


def proves(order_id: str, digits: str, at: datetime) -> rotating.Step | None:
    """The step it was made in; None for a code of no step of the hour around, or of another order."""
    return rotating.step_made(secret_of(order_id), digits, at.timestamp())

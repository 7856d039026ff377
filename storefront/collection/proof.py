"""The code on her phone that proves who fetches an order, takes a parcel at her door, or comes to what she has booked: eight digits, others every fifteen seconds, as those of a coupon.

Owns the secret of an order, parcel or booking, how code and its id are written together, and in which words a wrong one is refused. Must not know whether anything may be handed over.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.security import rotating
from app.security.sealing import keyed_hash

PREFIX = "MC1"
GOOD_FOR = timedelta(hours=1)
"""So long a phone may make codes without hearing from us."""
_WRITTEN = re.compile(rf"{PREFIX}\.((?:ord|pcl|bkg)_[0-9a-z]{{10,36}})\.([0-9]{{{rotating.DIGITS}}})")
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


def secret_of(of_id: str) -> bytes:
    """Made from the house's key, so that nobody who reads the database can make a code."""
    return bytes.fromhex(keyed_hash("collection_code", of_id))


def live(of_id: str, at: datetime) -> LiveProof:
    secret, step = secret_of(of_id), rotating.step_of(at.timestamp())
    digits, stem = rotating.hotp(secret, step), f"{PREFIX}.{of_id}."
    changes_at = datetime.fromtimestamp((step + 1) * rotating.STEP_S, UTC)
    return LiveProof(stem + digits, digits, stem, base64.b64encode(secret).decode(), rotating.STEP_S, at, changes_at, at + GOOD_FOR)


def apart(typed: str) -> tuple[str | None, str]:
    """(order, parcel or booking, digits) of what was scanned, (None, digits) of what was typed; empty digits for anything else."""
    squeezed = re.sub(r"[\s-]", "", typed) if len(typed) <= 120 else ""
    if found := _WRITTEN.fullmatch(squeezed):
        return found[1], found[2]
    return None, squeezed if _DIGITS.fullmatch(squeezed) else ""


def proves(of_id: str, digits: str, at: datetime) -> rotating.Step | None:
    """The step it was made in; None for a code of no step of the hour around, or of another order."""
    return rotating.step_made(secret_of(of_id), digits, at.timestamp())


def against(of_id: str, typed: str, at: datetime, *, what: str = "order") -> str:
    """Why what was scanned or typed does not prove it now, in words for whoever asked for it; empty: it does. `what`: order, parcel or booking."""
    named, digits = apart(typed)
    if not digits or (named is not None and named != of_id):
        return f"That is not the code of this {what}. Ask for the phone it was ordered with."
    step = proves(of_id, digits, at)
    if step is None:
        return f"That code is not genuine, or it belongs to another {what}."
    if not step.good:
        return "That code is too old. Ask for the one the phone shows now." if step.late > 0 else "That code is of a time to come: the phone's clock is wrong."
    return ""

"""How she likes to be told: her language, the ways she wants tried first, and what she wants to be called.

Owns keeping and reading them. Must not decide a way (choosing.py) and must not put her name anywhere but into her own messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.db import insert_new, moved, prepared
from app.kernel.errors import Invalid
from app.kernel.text_limits import has_address
from app.security.vault import open_each, seal_for
from notifications.compose import clean
from notifications.models import Preference
from offers.contracts import Way

CALLED_MOST_CHARS = 60
_PURPOSE = "called"


@dataclass(frozen=True, slots=True)
class Liked:
    """`language` and `called` may be empty, `ways` none: then the campaign's hold."""

    language: str = ""
    ways: tuple[Way, ...] = ()
    called: str = ""


_LIKED = select(Preference.language, Preference.ways, Preference.called_sealed).where(Preference.shopper_id == bindparam("shopper_id"))


def liked(session: Session, shopper_id: str) -> Liked:
    row = prepared(session, _LIKED, {"shopper_id": shopper_id}).first()
    if row is None:
        return Liked()
    opened = open_each(_PURPOSE, [(row.called_sealed, shopper_id.encode())])[0] if row.called_sealed is not None else None
    return Liked(row.language, tuple(Way(way) for way in row.ways), opened.decode() if opened is not None else "")


def language_of(session: Session, shopper_id: str) -> str:
    """The one she has chosen; else English, as everything around a message is."""
    return session.scalar(select(Preference.language).where(Preference.shopper_id == shopper_id)) or languages.PLAIN


def keep(session: Session, shopper_id: str, *, language: str, ways: Sequence[Way], called: str, at: datetime) -> Liked:
    """The whole of it, in place of what was. Raises Invalid."""
    if language and not languages.known(language):
        raise Invalid.field("language", "a language tag such as en, fi or pt-BR; empty for the campaign's")
    if len(set(ways)) != len(ways):
        raise Invalid.field("ways", "name each way once")
    name = clean(called)
    if len(name) > CALLED_MOST_CHARS or has_address(name):
        raise Invalid.field("called", f"a name of at most {CALLED_MOST_CHARS} characters, no address")
    called_sealed = seal_for(shopper_id, _PURPOSE, name.encode(), shopper_id.encode()) if name else None
    values = {"language": language, "ways": [way.value for way in ways], "called_sealed": called_sealed, "set_at": at}
    if not insert_new(session, Preference, {"shopper_id": shopper_id, **values}, unique=["shopper_id"]):
        moved(session, update(Preference).where(Preference.shopper_id == shopper_id).values(**values))
    return Liked(language, tuple(ways), name)


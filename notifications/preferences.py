"""How she likes to be told: her language, the ways she wants tried first, and what she wants to be called.

Owns keeping and reading them. Must not decide a way (choosing.py) and must not put her name anywhere but into her own messages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


_LIKED = select(Preference.shopper_id, Preference.language, Preference.ways, Preference.called_sealed).where(Preference.shopper_id.in_(bindparam("ids", expanding=True)))


def liked(session: Session, shopper_id: str) -> Liked:
    return liked_by(session, [shopper_id])[shopper_id]


def liked_by(session: Session, shopper_ids: Collection[str]) -> dict[str, Liked]:
    """Of several, each of whom is in the answer."""
    found = dict.fromkeys(shopper_ids, Liked())
    rows = prepared(session, _LIKED, {"ids": list(shopper_ids)}).all()
    named = [row for row in rows if row.called_sealed is not None]
    opened = open_each(_PURPOSE, [(row.called_sealed, row.shopper_id.encode()) for row in named]) if named else []
    names = {row.shopper_id: name.decode() for row, name in zip(named, opened, strict=True) if name is not None}
    return found | {row.shopper_id: Liked(row.language, tuple(Way(way) for way in row.ways), names.get(row.shopper_id, "")) for row in rows}


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


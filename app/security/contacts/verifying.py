"""Adding, verifying, changing and removing a contact; picking the word.

Owns these use cases. Whatever changes how somebody is reached tells every contact she had before, in the same transaction, with
a link that takes it back. Must not send anything (letters.py does) and must not tell who else has an address.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Update, cast, func, null, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, moved
from app.kernel.outbox import emit
from app.security.contacts import letters, losing, repository, texts, words
from app.security.contacts.contracts import ContactVerified, ContactView, PendingView, RecentChanges
from app.security.contacts.errors import CodeSpent, CodeUnknown, CodeWrong, ContactUnknown, NothingChanged
from app.security.contacts.models import ContactChangeRow, ContactCodeRow, UnknownCodeRow
from app.security.contacts.repository import Contact
from app.security.contacts.settings import ContactSettings
from app.security.contacts.values import ContactKind, masked
from app.security.sealing import keyed_hash
from app.security.tokens import TokenKind, new_token

May = Callable[[Session], None]
"""Returns when it may be, raises when not."""

CODE_DIGITS = 6
ADDED = "added"
UNDO_PATH = "/not-me/{token}"


@dataclass(frozen=True, slots=True)
class Post:
    """What letters need beside a session. `origin` is where people find this house."""

    settings: ContactSettings
    origin: str


def word_of(session: Session, shopper_id: str) -> str:
    """The word she picked, or the one she is given."""
    return words_of(session, (shopper_id,))[shopper_id]


def words_of(session: Session, shopper_ids: Collection[str]) -> dict[str, str]:
    """`word_of` each of them."""
    picked = repository.picked_words(session, shopper_ids)
    return {i: picked.get(i) or words.given(keyed_hash("familiar_word", i)) for i in shopper_ids}


def views(session: Session, shopper_id: str) -> list[ContactView]:
    return [ContactView(c.kind.value, masked(c.kind, c.value), c.verified_at) for c in repository.contacts(session, shopper_id).values()]


def pending(session: Session, shopper_id: str, at: datetime) -> list[PendingView]:
    """Contacts a code is on its way to; one that came back is not (losing.py tells of it)."""
    rows = repository.waiting_codes(session, shopper_id, at)
    nobody = losing.nobody_at(session, shopper_id, [row.value_hash for row in rows]) if rows else {}
    return [PendingView(r.kind, masked(ContactKind(r.kind), repository.pending_value(r)), r.expires_at, r.tries_left) for r in rows if r.value_hash not in nobody]


def pending_values(session: Session, shopper_id: str, at: datetime) -> list[str]:
    """Where codes are on their way to, whole: for the demo, which shows what would have been sent."""
    return [repository.pending_value(row) for row in repository.waiting_codes(session, shopper_id, at)]


def ask(session: Session, post: Post, shopper_id: str, kind: ContactKind, value: str, at: datetime) -> PendingView:
    """She says that this is hers: a code goes there. `value` in its accepted form. Raises NothingChanged (409)."""
    known = repository.contacts(session, shopper_id).get(kind)
    if known is not None and known.value == value:
        raise NothingChanged
    digits = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    expires_at = at + timedelta(seconds=post.settings.code_ttl_s)
    repository.put_code(session, shopper_id, kind, value, digits, tries=post.settings.code_tries, expires_at=expires_at)
    text = texts.code(digits, word_of(session, shopper_id), minutes=post.settings.code_ttl_s // 60)
    letters.queue(session, shopper_id, kind, value, "code", text, at=at, expires_at=expires_at)
    return PendingView(kind.value, masked(kind, value), expires_at, post.settings.code_tries)


def confirm(
    database: Database,
    post: Post,
    shopper_id: str,
    kind: ContactKind,
    digits: str,
    *,
    asking: Callable[[Callable[[May], ContactView | None]], ContactView | None] = lambda change: change(lambda _session: None),
) -> ContactView:
    """She types the code in. A try counts whether or not it is right, and is counted before it is looked at.

    Of any number at once with the right code, one makes the change; the others are answered the same. Raises CodeUnknown (404),
    CodeWrong (422, with `tries_left`), CodeSpent (410). `asking` makes the change, once more if it must, and hands it whom to ask in its
    transaction, who may refuse it.
    """
    with database.transaction() as session:
        row = repository.code_row(session, shopper_id, kind)
        at = database.clock.now()
        if row is None:
            raise CodeUnknown
        right = row.code_hash == repository.code_hash(row.id, digits)
        if not moved(session, _live(row.id, at).where(ContactCodeRow.tries_left > 0).values(tries_left=ContactCodeRow.tries_left - 1)):
            found = _verified(session, shopper_id, kind, row.value_hash) if right else None
            if found is None:
                raise CodeSpent
            return found
        tries_left = row.tries_left - 1
    if not right:
        raise CodeWrong(extra={"tries_left": tries_left})

    def change(may: May) -> ContactView | None:
        with database.transaction() as session:
            if moved(session, _live(row.id, at).values(used_at=at)):
                may(session)
                _verify(session, post, shopper_id, kind, repository.pending_value(row), at)
            return _verified(session, shopper_id, kind, row.value_hash)

    found = asking(change)
    if found is None:
        raise CodeSpent
    return found


def _live(code_id: str, at: datetime) -> Update:
    return update(ContactCodeRow).where(ContactCodeRow.id == code_id, ContactCodeRow.used_at.is_(None), ContactCodeRow.expires_at > at)


def _verified(session: Session, shopper_id: str, kind: ContactKind, value_hash: str) -> ContactView | None:
    known = repository.contacts(session, shopper_id).get(kind)
    return ContactView(kind.value, masked(kind, known.value), known.verified_at) if known is not None and known.value_hash == value_hash else None


def _verify(session: Session, post: Post, shopper_id: str, kind: ContactKind, value: str, at: datetime) -> None:
    before = repository.contacts(session, shopper_id, for_change=True)
    old = before.get(kind)
    repository.put(session, shopper_id, kind, value, at)
    if old is None or old.value != value:
        _changed(session, post, shopper_id, kind, "changed" if old else ADDED, old.value if old else None, before, at, shown=masked(kind, value))
    emit(session, ContactVerified(shopper_id, kind.value, at), subject=shopper_id)


def remove(session: Session, post: Post, shopper_id: str, kind: ContactKind, at: datetime) -> None:
    """We no longer reach her there, and it is told there. Raises ContactUnknown (404)."""
    before = repository.contacts(session, shopper_id, for_change=True)
    if kind not in before:
        raise ContactUnknown
    repository.drop(session, shopper_id, kind)
    _changed(session, post, shopper_id, kind, "removed", before[kind].value, before, at, shown=masked(kind, before[kind].value))


def set_word(session: Session, post: Post, shopper_id: str, typed: str, at: datetime) -> str:
    """She picks her word; every contact is told. Returns it as it is shown; raises `Invalid`."""
    word = words.accepted(typed)
    if word != word_of(session, shopper_id):
        before = repository.contacts(session, shopper_id, for_change=True)
        if before:  # in the letters stands the word she knows: the new one may be somebody else's
            _changed(session, post, shopper_id, None, "word", repository.picked_word(session, shopper_id), before, at)
        repository.put_word(session, shopper_id, word, at)
    return word


def _changed(
    session: Session,
    post: Post,
    shopper_id: str,
    kind: ContactKind | None,
    what: str,
    old: str | None,
    before: Mapping[ContactKind, Contact],
    at: datetime,
    *,
    shown: str = "",
) -> None:
    """Note it, and tell every contact there was before, with a link that takes it back."""
    first = what == ADDED and not before and not repository.changed_before(session, shopper_id)
    token = new_token(TokenKind.LINK) if before else None
    undo_until = at + timedelta(seconds=post.settings.undo_ttl_s) if before else None
    known = before.get(kind) if kind is not None else None
    repository.note_change(
        session,
        shopper_id,
        kind,
        what,
        old,
        cooling=kind is not None and not first,
        at=at,
        old_verified_at=known.verified_at if known else None,
        undo_hash=token.hash if token else None,
        undo_until=undo_until,
    )
    if token is not None:
        word, url = word_of(session, shopper_id), post.origin + UNDO_PATH.format(token=token.text)
        for contact in before.values():
            letters.queue(session, shopper_id, contact.kind, contact.value, what, texts.changed(what, shown, word, undo_url=url), at=at)


def recent_changes(session: Session, shopper_id: str, at: datetime) -> RecentChanges:
    """How long ago how she is reached was last changed, she was first to be reached at all, and she asked by a code that we never sent."""
    c = ContactChangeRow
    first = c.change == ADDED  # that cools nothing down: of another one the older contact is told
    changed = select(c.cooling, func.max(c.at)).where(c.shopper_id == shopper_id, c.at <= at, or_(c.cooling.is_(True), first)).group_by(c.cooling)
    asked = select(cast(null(), Boolean), UnknownCodeRow.at).where(UnknownCodeRow.shopper_id == shopper_id, UnknownCodeRow.at <= at)
    since_s: dict[bool | None, int] = {cooling: int((at - newest).total_seconds()) for cooling, newest in session.execute(changed.union_all(asked))}
    return RecentChanges(since_s.get(True), since_s.get(False), since_s.get(None))

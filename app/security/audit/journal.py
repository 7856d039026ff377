"""The audit log: who was refused, who looked at whom, who changed what. Written once, linked to the entry before.

Owns appending, reading and checking. Must not hold a personal value: a shopper stands here under a keyed hash, which finds her
entries as long as somebody knows her id, and names nobody once she is gone. Entries therefore outlive an erasure and the chain
still fits.

An entry is appended at the end of the transaction it belongs to, so writers queue on the head for the length of a commit only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, insert_new, moved
from app.security.audit import anchor, checkpoint
from app.security.audit.chain import START, Broken, Entry, Head, follow, hashed
from app.security.audit.models import AuditHead, AuditRow
from app.security.principals import Principal, Role
from app.security.sealing import keyed_hash

ANCHOR = "audit_anchor"
BATCH = 2_000
FULL_EVERY = timedelta(days=1)
"""A look at what is new is enough for so long."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How the chain stands. `broken` None: every entry fits, to the head and to the anchor."""

    entries: int
    anchored_seq: int | None
    broken: Broken | None


def keep_anchor(database: Database, data_dir: Path) -> None:
    """From now on this database's chain is anchored in a file of `data_dir`."""
    database.remembered[ANCHOR] = data_dir / anchor.FILE_NAME


def pseudonym(shopper_id: str) -> str:
    """How the log names a shopper."""
    return keyed_hash("audit_subject", shopper_id)


def actor_of(principal: Principal) -> str:
    if principal.kind is Role.SHOPPER:
        return f"shopper:{pseudonym(principal.id)[:16]}"
    return principal.key or "anyone"


def note(
    session: Session, kind: str, *, by: Principal | str, at: datetime, about: str | None = None, detail: Mapping[str, Any] | None = None
) -> None:
    """Append an entry when this transaction commits; in a look nothing is, as with all that is written there (see `looked_at`).

    `about` is the shopper concerned; a shopper who acts is concerned herself. `detail`: ids of things, names of fields, never a
    value of a person.
    """
    if "before_commit" not in session.info:
        return
    entry = _new(kind, by, at, about, detail)
    waiting: list[Entry] | None = session.info.get("audit")
    if waiting is not None:
        waiting.append(entry)
        return
    waiting = session.info["audit"] = [entry]
    # put last when its turn comes: the head is what everybody waits for
    last = session.info["before_commit"]
    last.append(lambda: last.append(lambda: _append(session, waiting)))


def looked_at(session: Session, what: str, *, by: Principal | str, about: str | None, at: datetime, of: str = "") -> None:
    """Somebody of the house looked at what is held about a shopper (`what`, and `of` which thing). Written when the look is over."""
    if about is None or (isinstance(by, Principal) and by.kind is Role.SHOPPER):
        return

    def write_down(database: Database) -> None:
        with database.transaction() as own:
            note(own, f"looked_at.{what}", by=by, about=about, detail={"of": of} if of else None, at=at)

    session.info["afterwards"].append(write_down)


def _new(kind: str, by: Principal | str, at: datetime, about: str | None, detail: Mapping[str, Any] | None) -> Entry:
    if about is None and isinstance(by, Principal) and by.kind is Role.SHOPPER:
        about = by.id
    text = json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Entry(0, at, kind, (by if isinstance(by, str) else actor_of(by))[:140], pseudonym(about) if about else None, text, "")


def _append(session: Session, waiting: list[Entry]) -> None:
    standing = select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == 1).with_for_update()
    found = session.execute(standing).one_or_none()
    if found is None:
        insert_new(session, AuditHead, {"id": 1, "seq": START.seq, "hash": START.hash}, unique=["id"])
        found = session.execute(standing).one()
    before = head = Head(*found)
    for entry in waiting:
        linked = Entry(head.seq + 1, entry.at, entry.kind, entry.actor, entry.subject_hash, entry.detail, head.hash)
        head = Head(linked.seq, hashed(linked, _keyed))
        session.add(
            AuditRow(
                seq=linked.seq, at=linked.at, kind=linked.kind, actor=linked.actor, subject_hash=linked.subject_hash, detail=linked.detail,
                prev_hash=linked.prev_hash, hash=head.hash,
            )
        )  # fmt: skip
    session.flush()
    there = (AuditHead.id == 1, AuditHead.seq == before.seq, AuditHead.hash == before.hash)
    if not moved(session, update(AuditHead).where(*there).values(seq=head.seq, hash=head.hash)):
        raise RuntimeError("the head of the audit log moved under its lock")
    path = session.info["remembered"].get(ANCHOR)
    if path is not None:
        session.info["after_commit"].append(lambda: anchor.advance(path, head))


def entries(session: Session, *, kind: str | None = None, actor: str | None = None, about: str | None = None, limit: int = 50) -> list[Entry]:
    """Newest first; `kind` with its family (`policy` finds `policy.deny`), `actor` by how it begins (`cli:`), `about` a shopper id."""
    statement = select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit)
    if kind is not None:
        statement = statement.where((AuditRow.kind == kind) | AuditRow.kind.startswith(f"{kind}.", autoescape=True))
    if actor is not None:
        statement = statement.where(AuditRow.actor.startswith(actor, autoescape=True))
    if about is not None:
        statement = statement.where(AuditRow.subject_hash == pseudonym(about))
    return [_entry(row) for row in session.scalars(statement)]


def export_entries(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """Who looked at her data and what was refused to her, oldest first."""
    rows = session.scalars(select(AuditRow).where(AuditRow.subject_hash == pseudonym(shopper_id)).order_by(AuditRow.seq))
    return {"audit": [{"at": r.at, "kind": r.kind, "by": r.actor.partition(":")[0]} for r in rows]}


def verify(session: Session, path: Path | None = None, after: Head = START) -> Checked:
    """Follow the whole chain, and hold it against the head and the anchor (`path`). Costs one read of every entry, or of those `after`."""
    head, told = after, None
    while True:
        rows = list(session.scalars(select(AuditRow).where(AuditRow.seq > head.seq).order_by(AuditRow.seq).limit(BATCH)))
        session.expunge_all()
        found = follow((_entry(row) for row in rows), _keyed, head)
        if isinstance(found, Broken):
            return Checked(head.seq, None, found)
        head = found
        if len(rows) == BATCH:
            continue
        row = session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == 1)).one_or_none()
        standing = Head(*row) if row is not None else START
        if standing == head:
            break
        if standing.seq < head.seq or standing == told:
            return Checked(head.seq, None, Broken(head.seq + 1, "cut_off"))
        told = standing  # entries came in while we read; they must be there now
    return _against_anchor(session, head, path) if path is not None else Checked(head.seq, None, None)


def verify_all(session: Session, data_dir: Path, at: datetime) -> Checked:
    """The whole chain, against head and anchor; that it was followed is remembered for `verify_lately`."""
    found = verify(session, data_dir / anchor.FILE_NAME)
    _keep(session, data_dir, found, at)
    return found


def verify_lately(session: Session, data_dir: Path, at: datetime) -> tuple[Checked, datetime]:
    """What was written since it was last looked at, against head and anchor; and when the whole chain was last followed.

    That is now, if it was more than a day ago, or if anything does not fit: then the first wrong entry is named.
    """
    known = checkpoint.read(data_dir / checkpoint.FILE_NAME)
    if known is not None and known.full_at <= at <= known.full_at + FULL_EVERY:
        there = session.scalar(select(AuditRow.hash).where(AuditRow.seq == known.head.seq))
        found = verify(session, data_dir / anchor.FILE_NAME, known.head) if there == known.head.hash else None
        if found is not None and found.broken is None:
            _keep(session, data_dir, found, known.full_at)
            return found, known.full_at
    return verify_all(session, data_dir, at), at


def _keep(session: Session, data_dir: Path, found: Checked, full_at: datetime) -> None:
    hashed = session.scalar(select(AuditRow.hash).where(AuditRow.seq == found.entries)) if found.broken is None else None
    if hashed is not None:
        checkpoint.keep(data_dir / checkpoint.FILE_NAME, checkpoint.Checkpoint(Head(found.entries, hashed), full_at))


def _against_anchor(session: Session, head: Head, path: Path) -> Checked:
    try:
        anchored = anchor.read(path)
    except anchor.AnchorDamaged:
        return Checked(head.seq, None, Broken(head.seq, "anchor_damaged"))
    if anchored is None:
        return Checked(head.seq, None, Broken(head.seq, "anchor_missing") if head.seq else None)
    if anchored.seq > head.seq:
        return Checked(head.seq, anchored.seq, Broken(head.seq + 1, "cut_off"))
    there = session.scalar(select(AuditRow.hash).where(AuditRow.seq == anchored.seq))
    return Checked(head.seq, anchored.seq, None if there == anchored.hash else Broken(anchored.seq, "changed"))


def _keyed(canonical: bytes) -> str:
    return keyed_hash("audit", canonical)


def _entry(row: AuditRow) -> Entry:
    return Entry(row.seq, row.at, row.kind, row.actor, row.subject_hash, row.detail, row.prev_hash, row.hash)

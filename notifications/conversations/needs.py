"""What she let us remember of what she needs: for how many she gives parties, and what must not be in the food.

Owns the rows, which exist only with her consent to *personalisation* and her own yes to the very question; they go when it is withdrawn.
Source of the two kinds: answering.Needs.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.vault import open_each, seal_for
from notifications.conversations.answering import Needs
from notifications.conversations.models import Need

PURPOSE = Purpose.PERSONALISATION
SEALED_AS = "conversation_need"


def may_remember(session: Session, shopper_id: str, at: datetime) -> bool:
    """Whether she may be asked, and her yes be taken. Hold her consents first (`gate.hold`)."""
    return gate.may(session, shopper_id, PURPOSE, at).ok


def remember(session: Session, shopper_id: str, needs: Needs, at: datetime) -> None:
    """Each kind takes the place of what was known of it."""
    for kind, value in (("people", needs.people), ("free_from", list(needs.free_from))):
        if not value:
            continue
        values = {"sealed": seal_for(shopper_id, SEALED_AS, json.dumps(value).encode(), _bound(shopper_id, kind)), "at": at}
        if not insert_new(session, Need, {"shopper_id": shopper_id, "kind": kind, **values}, unique=["shopper_id", "kind"]):
            moved(session, update(Need).where(Need.shopper_id == shopper_id, Need.kind == kind).values(**values))


def remembered(session: Session, shopper_id: str, at: datetime) -> Needs:
    """Nothing while the consent does not stand."""
    return kept(session, shopper_id) if may_remember(session, shopper_id, at) else Needs()


def kept(session: Session, shopper_id: str) -> Needs:
    """What the rows hold, for her own look."""
    rows = session.execute(select(Need.kind, Need.sealed).where(Need.shopper_id == shopper_id)).all()
    opened = open_each(SEALED_AS, [(row.sealed, _bound(shopper_id, row.kind)) for row in rows])
    known = {row.kind: json.loads(value) for row, value in zip(rows, opened, strict=True) if value is not None}
    return Needs(known.get("people"), tuple(known.get("free_from", ())))


def forget(session: Session, shopper_id: str) -> int:
    """When the consent is withdrawn."""
    statement = delete(Need).where(Need.shopper_id == shopper_id).returning(Need.kind).execution_options(synchronize_session=False)
    return len(session.execute(statement).all())


def _bound(shopper_id: str, kind: str) -> bytes:
    return f"{shopper_id}:{kind}".encode()

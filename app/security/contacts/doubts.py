"""Somebody may be writing to her in our name: she asked about a message by a code that we never sent.

Owns noting it, once however often she asks, and for the log who asked. It is no accusation and refuses nothing: the rules take it as one more
reason to ask whether it is she, where something is worth it (`unknown_code_s`). What she was shown is not kept.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from app.kernel.db import inserting, prepared
from app.security.audit import journal
from app.security.contacts.models import UnknownCodeRow


def note_unknown_code(session: Session, shopper_id: str, *, by: str, at: datetime) -> None:
    """`by`: where she asked (page, conversation)."""
    prepared(session, _noted(session.get_bind().dialect.name), {"whose": shopper_id, "now": at})
    journal.note(session, "code.unknown", by="house", about=shopper_id, detail={"asked_by": by}, at=at)


@cache
def _noted(dialect: str) -> Any:
    first = inserting(UnknownCodeRow, dialect).values(shopper_id=bindparam("whose"), times=1, at=bindparam("now"))
    again = {"times": UnknownCodeRow.times + 1, "at": first.excluded.at}
    return first.on_conflict_do_update(index_elements=["shopper_id"], set_=again)

"""The audit log as operators read it: filtered, newest first, and whether anybody has been at it.

Owns parsing the filter and choosing the template. Must not show more than the log holds: a shopper stands there under a keyed hash.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.security.audit import journal
from app.web import rendering

router = APIRouter(include_in_schema=False)

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Filter = Annotated[str, Query(max_length=140)]
SHOWN = 100
FAMILIES = (
    ("policy", "Refusals and questions of the rules"),
    ("looked_at", "Looks of staff at a shopper"),
    ("campaign", "Campaigns"),
    ("link", "Sign-in links"),
    ("api_key", "API keys"),
    ("signing_key", "Signing keys"),
    ("device", "Phones"),
    ("subject", "Erasures"),
    ("sensitive_places", "Sensitive places"),
    ("house", "Starts, and the settings in force"),
)
BROKEN = {
    "changed": "Entry {seq} was changed after it was written.",
    "missing": "Entry {seq} is missing.",
    "unlinked": "Entry {seq} does not follow the one before it.",
    "cut_off": "The log was cut off: entry {seq} and what followed are gone, or were written by somebody else.",
    "anchor_damaged": "The anchor beside the database was changed.",
    "anchor_missing": "The anchor beside the database is gone: whether the newest entries are there cannot be told.",
}


@router.get("/console/audit")
def audit(request: Request, caller: Operator, call: Reading, kind: Filter = "", actor: Filter = "", shopper: Filter = "") -> Response:
    """Entries, newest first; an empty filter takes all. What was written since the last look is checked now, once a day the whole chain."""
    with call.database.reading() as session:
        journal.looked_at(session, "audit", by=caller, about=shopper.strip() or None, at=call.clock.now())
        found = journal.entries(session, kind=kind.strip() or None, actor=actor.strip() or None, about=shopper.strip() or None, limit=SHOWN)
        checked, full_at = journal.verify_lately(session, call.app.settings.data_dir, call.clock.now())
    context = {
        "here": "audit",
        "rows": found,
        "families": FAMILIES,
        "chosen": {"kind": kind, "actor": actor, "shopper": shopper},
        "limit": SHOWN,
        "entries": checked.entries,
        "full_at": full_at,
        "broken": BROKEN[checked.broken.what].format(seq=checked.broken.seq) if checked.broken else "",
    }
    return rendering.page(request, "console/audit.html", context)

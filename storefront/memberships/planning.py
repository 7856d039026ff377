"""The plans as a file: export, what a file would change, and applying it.

Owns the comparison with what is in force. A file from before somebody else's change is refused, not merged. A plan somebody has is not taken out: it is
closed. Another price counts for those who join from then on; who is a member pays what she agreed to until she changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from offers import facade as offers
from storefront.membership_contracts import MembershipPlan
from storefront.membership_errors import MembershipFileOutdated
from storefront.memberships import repository
from storefront.memberships.models import PlansRow
from storefront.memberships.plan import Plans
from storefront.memberships.schemas import checked, document_of
from storefront.versioned_files import changes, from_before, leaves, read, refuse

HEAD = "# Change it, look at `moments memberships plan FILE`, then `moments memberships apply FILE`. `version` says what you changed.\n"


def export(session: Session) -> str:
    """What is in force, as YAML; bare bones where there is nothing."""
    row = repository.newest(session)
    if row is None:
        return HEAD + offers.write_yaml({"memberships": document_of(Plans(grace_days=7))})
    return HEAD + offers.write_yaml({"memberships": {"version": row.version, **document_of(repository.plans_of(row.document))}})


def plan(session: Session, text: str) -> MembershipPlan:
    """What `apply` would do; changes nothing. Raises Invalid (each wrong field with its line), MembershipFileOutdated."""
    return _planned(session, text)[0]


def apply(session: Session, text: str, *, by: str, at: datetime) -> MembershipPlan:
    """Put the file in force, in the caller's transaction. The same file again changes nothing."""
    planned, plans = _planned(session, text)
    if planned.changes_something:
        row = {"version": (planned.version or 0) + 1, "document": json.dumps(document_of(plans)), "applied_by": by, "applied_at": at}
        if not insert_new(session, PlansRow, row, unique=["version"]):
            raise MembershipFileOutdated
    return planned


def _planned(session: Session, text: str) -> tuple[MembershipPlan, Plans]:
    file = read(text, "memberships", checked)
    plans = file.value
    row = repository.newest(session)
    if row is None:
        return MembershipPlan(None, tuple(f"{path}: {value}" for path, value in leaves(document_of(plans)))), plans
    current = repository.plans_of(row.document)
    if plans == current:
        return MembershipPlan(row.version, ()), plans
    if file.version != row.version:
        raise MembershipFileOutdated(from_before("memberships", row.version, file.version))
    refuse(_under_their_hands(session, current, plans), file.line_of)
    return MembershipPlan(row.version, tuple(changes(document_of(current), document_of(plans)))), plans


def _under_their_hands(session: Session, current: Plans, new: Plans) -> Iterator[tuple[str, str]]:
    """What would be taken from somebody who pays for it."""
    used = repository.plans_in_use(session)
    for one in current.plans:
        now, path = new.plan(one.id), f"memberships.plans.{one.id}"
        if one.id in used and now is None:
            yield "memberships.plans", f"somebody has {one.id}; say open: false, and nobody joins it any more"
        elif one.id in used and now is not None and now.every is not one.every:
            yield f"{path}.every", "somebody pays for it as it is; give the other one another id"

"""A campaign's way to going live, as its page shows it: who may press what, and what happened so far.

Owns the words of that. Must not decide: a button that should not be there is refused by the room all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.security import people
from offers.contracts import CampaignHistory, CampaignView

MOVES = {
    "review": "Sent version {version} for review",
    "approved": "Approved version {version}",
    "live": "Made version {version} live",
    "paused": "Paused it",
    "draft": "Version {version} is a draft again",
    "ended": "Ended it",
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """`changes` are the sentences of a new version; none for a move."""

    at: datetime
    who: str
    what: str
    changes: tuple[str, ...] = ()


def may(view: CampaignView, caller_id: str, *, four_eyes: bool) -> dict[str, Any]:
    """The page's `may_...` and `next_step`, for this state and this person."""
    state, approved = view.state, view.approved_version == view.version
    out = {
        "may_submit": four_eyes and (state == "draft" or (state == "paused" and not approved)),
        "may_approve": state == "review" and caller_id != view.submitted_by,
        "may_send_back": state in ("review", "approved"),
        "may_activate": state in ("approved", "paused") and approved if four_eyes else state not in ("live", "ended"),
        "may_pause": state == "live",
        "next_step": "",
    }
    if out["may_submit"]:
        out["next_step"] = "Another person has to approve this version before it goes live."
    elif state == "review":
        out["next_step"] = (
            "It waits for another person to approve it." if caller_id == view.submitted_by else "Read it, then approve it or send it back with a word why."
        )
    return out


def history_rows(session: Session, history: CampaignHistory, caller_id: str) -> list[HistoryRow]:
    """Newest first."""
    names: dict[str, str] = {}

    def who(by: str) -> str:
        if by not in names:
            found = people.person(session, by) if by != caller_id else None
            names[by] = "you" if by == caller_id else found.name if found is not None and found.name else by or "somebody"
        return names[by]

    rows = [HistoryRow(v.created_at, who(v.created_by), f"Wrote version {v.version}", tuple(c.text for c in v.changes)) for v in history.versions]
    for step in history.steps:
        what = MOVES.get(step.to_state, step.to_state).format(version=step.version)
        rows.append(HistoryRow(step.at, who(step.by), f"{what}: {step.note}" if step.note else what))
    return sorted(rows, key=lambda row: row.at, reverse=True)

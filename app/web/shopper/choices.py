"""What she may switch, as the page shows it: each purpose in plain words, what exactly it covers, since when, and why it cannot be switched.

Owns these words and nothing else. Must not decide: app/privacy does; here its answer is only told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from sqlalchemy.orm import Session

from app.privacy import signals
from app.privacy.consents import consents
from app.privacy.contracts import ConsentView
from app.privacy.controller import controller
from app.privacy.purposes import ASKED_AT_FIRST, ENDED_BY_SIGNAL, NOTICES, Notice, Purpose
from app.privacy.reasons import REASONS
from app.privacy.tags import CATEGORIES

BY_SIGNAL = "Off, because your browser asks every site for it (Global Privacy Control)."
BY_AGE = "Off, because you told us that you are under age."


@dataclass(frozen=True, slots=True)
class Choice:
    """One switch. `locked`: it cannot be switched on here, and `because` says why; `because` alone: it is on and does nothing yet."""

    notice: Notice
    view: ConsentView | None
    locked: bool
    because: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of data it covers, in words."""
        return tuple(CATEGORIES[key] for key in self.notice.categories)


def choices(session: Session, request: Request, shopper_id: str, at: datetime) -> dict[str, object]:
    """What `consents.part.html` shows to a shopper."""
    views = consents(session, shopper_id, at)
    found = [_choice(NOTICES[Purpose(view.purpose)], view, request) for view in views]
    return {"choices": found, "minor": any(view.why_not == "minor" for view in views), "adult_at_years": controller().adult_at_years, "this_year": at.year}


def first_choices(request: Request) -> list[Choice]:
    """What a newcomer is asked."""
    return [_choice(NOTICES[purpose], None, request) for purpose in ASKED_AT_FIRST]


def _choice(notice: Notice, view: ConsentView | None, request: Request) -> Choice:
    if view is not None and view.why_not == "minor":
        return Choice(notice, view, locked=True, because=BY_AGE)
    if notice.purpose in ENDED_BY_SIGNAL and signals.opted_out(request):
        return Choice(notice, view, locked=True, because=BY_SIGNAL)
    if view is not None and view.why_not == "os_permission_never":
        return Choice(notice, view, locked=False, because=REASONS["os_permission_never"])
    return Choice(notice, view, locked=False, because="")

"""What a house keeps from sensitive places: setting it, and saying what follows for each kind today.

Owns the checks of a choice and the table a person reads. Must not change what a law asks for (rules.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from geofences.sensitive import marking
from geofences.sensitive.kinds import HEALTH, Kind
from geofences.sensitive.refusals import chosen, forget_visits, today
from geofences.sensitive.rules import REACH_M, rules_at

_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def choose(session: Session, *, jurisdiction: str | None, health_m: float | None, other_m: float | None) -> None:
    """Raises `Invalid` naming the field. What is refused by it from now on is forgotten at once."""
    if jurisdiction and not _JURISDICTION.fullmatch(jurisdiction):
        raise Invalid.field("jurisdiction", "use an ISO 3166 code such as US-WA or FI, or nothing: then every law of the table holds")
    for name, value in (("health_m", health_m), ("other_m", other_m)):
        if value is not None and not 0 <= value <= REACH_M:
            raise Invalid.field(name, f"must be within 0..{REACH_M:.0f} metres")
    given = {"jurisdiction": jurisdiction, "health_m": health_m, "other_m": other_m}
    choice = chosen(session)[1]
    wanted = replace(choice, **{name: value for name, value in given.items() if value is not None})
    if wanted != choice:
        marking.choose(session, wanted)
        forget_visits(session)


def told(session: Session) -> dict[str, Any]:
    """The house's choice, and by kind the distance that is kept today where a place does not say its jurisdiction."""
    choice, on = chosen(session)[1], today(session)
    rules = rules_at(choice.jurisdiction, on, choice)
    return {
        "jurisdiction": choice.jurisdiction or None,
        "health_m": choice.health_m,
        "other_m": choice.other_m,
        "on": on.isoformat(),
        "kinds": [
            {"kind": str(kind), "health": kind in HEALTH, "distance_m": round(rules[kind].distance_m, 1), "source": rules[kind].source, "since": since.isoformat() if (since := rules[kind].since) else None}
            for kind in Kind
        ],
    }

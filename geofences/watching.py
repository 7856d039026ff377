"""What a phone is told to watch by itself, from where it is and where it goes.

Owns the question to the fences near and the rules a plan is made by. Must not store where the phone is.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from geofences import repository
from geofences.device_plan import Phone, Plan, plan

CANDIDATES_PER_CIRCLE = 5
"""So many fences are weighed for each circle the phone may watch; what lies beyond is the horizon."""


def plan_for(session: Session, phone: Phone, *, os_limit: int, reserve: int) -> Plan:
    """The plan for a phone of which the OS can watch `os_limit` circles, `reserve` of them kept free of fences."""
    near, horizon_m = repository.fences_near(
        session, phone.lat_deg, phone.lon_deg, CANDIDATES_PER_CIRCLE * max(4, os_limit)
    )
    return plan(near, phone, os_limit=os_limit, reserve=reserve, horizon_m=horizon_m)

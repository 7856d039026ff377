"""A shopper who is under age: neither located nor approached, and kept as one bit.

Owns that bit. Must not keep a year or a date of birth: what she states is weighed and forgotten. Once set, the bit is taken back by an
operator alone, so that nobody grows up by trying again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.privacy.consents import open_standing, set_consent, stamp_change, standing_of
from app.privacy.controller import controller
from app.privacy.holding import alone
from app.privacy.models import StandingRow
from app.privacy.purposes import NOT_FOR_MINORS

OLDEST_YEARS = 120


def under_age(birth_year: int, at: datetime, adult_at_years: int) -> bool:
    """Whether somebody born in that year may still be under age: until the year after the one in which she comes of age."""
    return at.year - birth_year <= adult_at_years


def state_birth_year(session: Session, shopper_id: str, birth_year: int, at: datetime) -> bool:
    """What she says of her age. True: she is a minor by it, or was known as one before. Raises `Invalid` for a year nobody is born in."""
    if not at.year - OLDEST_YEARS <= birth_year <= at.year:
        raise Invalid.field("birth_year", f"a year from {at.year - OLDEST_YEARS} to {at.year}")
    if under_age(birth_year, at, controller().adult_at_years):
        mark_minor(session, shopper_id, at)
        return True
    return standing_of(session, shopper_id).minor


def mark_minor(session: Session, shopper_id: str, at: datetime) -> None:
    """From the commit on; what she had agreed to is withdrawn, so that it does not come back with her coming of age."""
    _set(session, shopper_id, minor=True)
    for purpose in NOT_FOR_MINORS:
        set_consent(session, shopper_id, purpose, granted=False, source="minor", at=at)


def unmark_minor(session: Session, shopper_id: str) -> None:
    """An operator has seen that she is of age. Everything stays off until she switches it on."""
    _set(session, shopper_id, minor=False)


def _set(session: Session, shopper_id: str, *, minor: bool) -> None:
    alone(session, (shopper_id,))
    open_standing(session, shopper_id)
    stamp_change(session)
    session.execute(update(StandingRow).where(StandingRow.shopper_id == shopper_id).values(minor=minor).execution_options(synchronize_session=False))

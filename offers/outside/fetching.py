"""Asks a live source about each area in its turn, and keeps what it says.

Owns whose turn it is: an area is claimed by one conditional UPDATE, asked about with no transaction open, and what came is written
beside what was known. Of two processes one asks. Trouble leaves what was known as it is, until that runs out.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, update

from app.kernel.db import Database, moved
from app.kernel.logs import get_logger
from offers.outside import importing, repository
from offers.outside.almanac import Area
from offers.outside.models import AreaRow
from offers.outside.ports import ForecastGateway, Trouble
from offers.outside.settings import OutsideSettings

log = get_logger(__name__)

MOST_AT_ONCE = 20
"""Areas in one run; the others have their turn at the next."""


def fetch_due(database: Database, gateway: ForecastGateway, settings: OutsideSettings) -> int:
    """How many areas were told anew."""
    return sum(_fetched(database, gateway, area) for area in _claimed(database, settings))


def _claimed(database: Database, settings: OutsideSettings) -> list[Area]:
    a, at = AreaRow, database.clock.now()
    due = or_(a.fetch_at.is_(None), a.fetch_at <= at)
    taken: list[Area] = []
    with database.transaction() as session:
        for row in session.execute(repository.AREAS.where(due).order_by(a.fetch_at.nulls_first(), a.id).limit(MOST_AT_ONCE)).all():
            area = Area(*row)
            if moved(session, update(a).where(a.id == area.id, due).values(fetch_at=at + timedelta(seconds=settings.every_s))):
                taken.append(area)
    return taken


def _fetched(database: Database, gateway: ForecastGateway, area: Area) -> bool:
    at = database.clock.now()
    told = gateway.issues(area, at)
    with database.transaction() as session:
        if isinstance(told, Trouble):
            log.warning("forecast_trouble", area=area.id, why=told.why, rest_s=told.rest_s)
            again = {"trouble": told.why[:80], "fetch_at": at + timedelta(seconds=told.rest_s)}
            moved(session, update(AreaRow).where(AreaRow.id == area.id).values(again))
            return False
        importing.keep(session, told)
        moved(session, update(AreaRow).where(AreaRow.id == area.id).values(trouble=""))
        return True

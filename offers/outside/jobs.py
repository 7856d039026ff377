"""The work that is done from time to time: asking a live source, if one is set."""

from __future__ import annotations

from app.kernel.db import Database
from offers.outside import fetching
from offers.outside.settings import OutsideSettings


def fetch(database: Database, settings: OutsideSettings) -> int:
    """Each area whose turn it is; 0 where nobody is to be asked. Safe to run in several places."""
    if not settings.url:
        return 0
    from offers.outside.adapters.open_meteo_gateway import OpenMeteoGateway

    return fetching.fetch_due(database, OpenMeteoGateway(settings), settings)

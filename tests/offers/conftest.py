"""Fixtures of `offers`: the house's keys, and four known places."""

from __future__ import annotations

import pytest

from app.security.sealing import use_secrets
from app.security.secrets import new_secrets
from geofences import facade as geofences
from geofences.directory import Directory
from tests.offers.builders import PLACES


@pytest.fixture(autouse=True, scope="session")
def keys() -> None:
    use_secrets(new_secrets())


@pytest.fixture(autouse=True)
def known_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room below is another room's test: here its door answers with four places."""
    by_id = {p.id: p for p in PLACES}
    known = Directory(PLACES)
    monkeypatch.setattr(geofences, "directory", lambda _session: known, raising=False)
    monkeypatch.setattr(geofences, "place", lambda _session, place_id: by_id.get(place_id), raising=False)
    monkeypatch.setattr(geofences, "places", lambda _session: list(PLACES), raising=False)

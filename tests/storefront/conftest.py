"""Fixtures of `storefront`: keys, known places, a shop with the gateway in memory or with Stripe's peer, and its HTTP app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.sealing import use_secrets
from app.security.secrets import new_secrets
from geofences import facade as geofences
from storefront.facade import Shop, open_shop
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.adapters.stripe_gateway import StripeGateway
from tests.offers.builders import PLACES
from tests.storefront.floor import SETTINGS, app_of, stock


@pytest.fixture(autouse=True, scope="session")
def keys() -> None:
    use_secrets(new_secrets())


@pytest.fixture(autouse=True)
def known_places(monkeypatch: pytest.MonkeyPatch) -> None:
    by_id = {p.id: p for p in PLACES}
    monkeypatch.setattr(geofences, "place", lambda _session, place_id: by_id.get(place_id), raising=False)
    monkeypatch.setattr(geofences, "places", lambda _session: list(PLACES), raising=False)
    monkeypatch.setattr(geofences, "places_by_ids", lambda _session, ids: {i: by_id[i] for i in ids if i in by_id}, raising=False)


@pytest.fixture
def gateway() -> MemoryGateway:
    return MemoryGateway()


@pytest.fixture
def shop(database: Database, gateway: MemoryGateway) -> Shop:
    """A stocked shop whose payments are in memory."""
    shop = open_shop(database, SETTINGS, gateway=gateway)
    stock(shop)
    return shop


@pytest.fixture
def peer(clock: ManualClock) -> Iterator[StripePeer]:
    peer = StripePeer(now_s=lambda: clock.now().timestamp())
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture
def stripe_shop(database: Database, peer: StripePeer) -> Shop:
    """A stocked shop that speaks through Stripe's SDK to the local peer; webhooks go nowhere until told."""
    gateway = StripeGateway(
        secret_key=peer.secret_key, publishable_key=peer.publishable_key, api_base=peer.url, api_version=SETTINGS.stripe_api_version, timeout_s=10
    )
    shop = open_shop(database, SETTINGS, gateway=gateway)
    stock(shop)
    return shop


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(app_of(shop), base_url="http://shop.test", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def stripe_client(stripe_shop: Shop) -> Iterator[TestClient]:
    with TestClient(app_of(stripe_shop), base_url="http://shop.test", raise_server_exceptions=False) as client:
        yield client

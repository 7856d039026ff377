"""The house with plans: with a provider in memory, or with Stripe's peer behind the real SDK."""

from __future__ import annotations

import pytest

from app.demo.peers.stripe_peer import StripePeer
from storefront.facade import Shop
from tests.storefront.memberships.house import House


@pytest.fixture
def house(shop: Shop) -> House:
    return House(shop)


@pytest.fixture
def at_stripe(stripe_shop: Shop, peer: StripePeer) -> House:
    return House(stripe_shop, peer)

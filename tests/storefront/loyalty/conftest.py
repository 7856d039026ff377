"""The club, open."""

from __future__ import annotations

import pytest

from storefront.facade import Shop
from tests.storefront.loyalty.club import Club


@pytest.fixture
def club(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Club:
    return Club(shop, monkeypatch)

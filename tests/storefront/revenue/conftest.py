"""The partners, agreed with."""

from __future__ import annotations

import pytest

from storefront.facade import Shop
from tests.storefront.revenue.partners import Partners


@pytest.fixture
def partners(shop: Shop) -> Partners:
    return Partners(shop)

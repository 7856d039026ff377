"""What the tests of reviews write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storefront.contracts import OwnReview
from storefront.facade import Shop, reviews
from tests.storefront.floor import SETTINGS

GOOD = reviews.Said(5, "Melts at once.", "Jane Doe", reviews.ShownAs.NAME)


def write(shop: Shop, shopper_id: str = "shp_jane", product_id: str = "prd_bonbon", **said: Any) -> OwnReview:
    with shop.database.transaction() as session:
        return reviews.write(session, shopper_id, product_id, replace(GOOD, **said), SETTINGS, at=shop.now())

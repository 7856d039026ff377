"""`moments reviews`: listed, approved, rejected for a cause of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments


@pytest.fixture
def review_id(migrated: Moments, data_dir: Path) -> str:
    from app.bootstrap import build
    from app.settings import load_settings
    from storefront import facade as storefront

    house = build(load_settings(data_dir=data_dir, loops=False))
    at = house.clock.now()
    with house.database.transaction() as session:
        storefront.import_catalogue(session, {"products": [{"id": "prd_bar", "name": "Oat bar", "category": "bars", "price_minor": 100, "stock": 1}]}, at=at)
        said = storefront.reviews.Said(2, "see www.x.example", "", storefront.reviews.ShownAs.NOBODY)
        made = storefront.reviews.write(session, "shp_1", "prd_bar", said, house.shop.settings, at=at)
    house.stop()
    house.database.close()
    return made.review.id


class TestReviews:
    def test_each_word_on_it(self, migrated: Moments, review_id: str) -> None:
        listed = migrated("reviews", "list")
        assert (review_id in listed.out, "review_has_link" in listed.out, "Oat bar" in listed.out) == (True, True, True)
        assert "one of review_advertising" in migrated("reviews", "reject", review_id, "--version", "1", "--why", "bad").err
        assert "changed or decided about meanwhile" in migrated("reviews", "approve", review_id, "--version", "2").err
        assert migrated("reviews", "approve", review_id, "--version", "1").out == f"{review_id}: published\n"
        assert migrated("reviews", "reject", review_id, "--version", "1", "--why", "review_off_topic").out == f"{review_id}: rejected\n"
        assert migrated("reviews", "list").out == "No review is pending.\n"

"""The house's own data as facts: in her language, only what the question needs, and only hers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.demo.city.layers import layer
from app.demo.seed import catalogue
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.security.contacts import facade as contacts
from app.security.vault import Vault
from geofences import facade as geofences
from notifications.conversations.finding import HouseKnowledge
from notifications.conversations.knowledge import Facts, Intent, OrderFact, Sent, Understanding
from notifications.conversations.proposing import Line
from notifications.conversations.settings import ConversationSettings
from storefront import facade as storefront
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.settings import StorefrontSettings


class Town:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.at: datetime = database.clock.now()
        shop = storefront.open_shop(database, StorefrontSettings())  # type: ignore[call-arg]
        self.house = HouseKnowledge(shop, ConversationSettings())
        with database.transaction() as session:
            storefront.import_catalogue(session, catalogue(), at=self.at)
            small = layer("places")
            geofences.import_geojson(session, {**small, "features": small["features"][:2]}, at=self.at)
            self.products = {name: i for i, name, *_ in storefront.product_names(session)}
            self.place = geofences.places(session)[0]

    def facts(self, intent: Intent, shopper_id: str = "shp_jane", **more: Any) -> Facts:
        u = replace(Understanding(intent, "en", 0.9), **more)
        with self.database.reading() as session:
            return self.house.facts(session, shopper_id, u, at=self.at)

    def order(self, shopper_id: str, product_id: str, *, state: str = "paid", minutes_ago: int = 5) -> str:
        order_id, placed = new_id("ord"), self.at - timedelta(minutes=minutes_ago)
        with self.database.transaction() as session:
            session.add(OrderRow(id=order_id, shopper_id=shopper_id, state=state, currency="EUR", subtotal_minor=1240, discount_minor=0, total_minor=1240, placed_at=placed, paid_at=placed, expires_at=placed))
            session.flush()
            session.add(OrderLineRow(order_id=order_id, line_no=1, product_id=product_id, name="x", unit_minor=1240, quantity=1, discount_minor=0, total_minor=1240))
        return order_id


@pytest.fixture
def town(database: Database, vault: Vault, tmp_path: Path) -> Town:
    return Town(database)


class TestFacts:
    def test_products_orders_hours_delivery_and_codes(self, town: Town) -> None:
        bonbon = town.products["Cloudberry Bonbon"]
        [product] = town.facts(Intent.PRICE, products=(bonbon,)).products
        assert (product.name, product.price, product.price_minor) == ("Cloudberry Bonbon", "€2.60", 260)
        [product] = town.facts(Intent.PRICE, products=(bonbon,), language="fi").products
        assert product.price == "2,60\xa0€"
        assert town.facts(Intent.PRICE, products=(bonbon,)).orders == ()

        mine, hers = town.order("shp_jane", bonbon), town.order("shp_john", bonbon)
        assert town.facts(Intent.ORDER).orders == (OrderFact(mine, "paid", "€12.40", f"{town.at.day} {town.at:%b}"),)
        assert hers not in str(town.facts(Intent.ORDER, orders=(hers,)))

        [place] = town.facts(Intent.HOURS, places=(town.place.id,)).places
        assert (place.name, place.hours) == (town.place.name, dict(town.place.hours))
        assert [(d.name, d.price) for d in town.facts(Intent.DELIVERY).deliveries] == [("Pick up in the shop", ""), ("Home delivery", "€4.90")]
        assert town.facts(Intent.RETURNS).returns_days == 14
        with town.database.reading() as session:
            word = contacts.word_of(session, "shp_jane").casefold()
        assert town.facts(Intent.GENUINE, codes=(word, "zz-9999")).sent == (Sent(word, ""), Sent("zz-9999", None))
        assert town.facts(Intent.GENUINE, codes=("k7q-2mf",)).sent == (Sent("k7q-2mf", None, never_ours=True),)
        assert town.facts(Intent.PRICE, codes=("k7q-2mf",)).sent == ()

    def test_what_nobody_declared_is_not_known(self, town: Town) -> None:
        """Seen to fail with an empty list read for a missing declaration."""
        with town.database.reading() as session:
            silent = [i for i, d in storefront.particulars(session, list(town.products.values())).items() if d.allergens is None]
        [product] = town.facts(Intent.ALLERGY, products=(silent[0],)).products
        assert (product.contains, product.may_contain) == (None, None)


class TestCaredFor:
    def test_of_the_newest_order_that_was_paid(self, town: Town) -> None:
        with town.database.reading() as session:
            declared = storefront.particulars(session, list(town.products.values()))
        [first, second, *_] = [i for i, d in declared.items() if d.care]
        town.order("shp_jane", first, minutes_ago=50)
        town.order("shp_jane", second, minutes_ago=5, state="cancelled")
        town.order("shp_john", second, minutes_ago=5)
        with town.database.reading() as session:
            assert town.house.cared_for(session, "shp_jane", at=town.at) == (first,)
            assert town.house.cared_for(session, "shp_jim", at=town.at) == ()


class TestPutInCart:
    def test_all_or_nothing(self, town: Town) -> None:
        bonbon, nothing = town.products["Cloudberry Bonbon"], "no-such-product"
        with town.database.transaction() as session:
            assert town.house.put_in_cart(session, "shp_jane", (Line(bonbon, 2), Line(nothing, 1)), at=town.at)
            assert town.house.put_in_cart(session, "shp_jane", (Line(bonbon, 3),), at=town.at) is None
        with town.database.reading() as session:
            assert [(li.product_id, li.quantity) for li in storefront.cart(session, "shp_jane").lines] == [(bonbon, 3)]
            assert town.house.surroundings(session, "shp_jane", at=town.at).cart == ("3 × Cloudberry Bonbon",)

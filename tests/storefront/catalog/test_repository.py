"""Searching, holding and putting back: the same answers on both engines."""

from __future__ import annotations

import pytest

from storefront.catalog import repository
from storefront.facade import Shop, import_catalogue
from tests.offers.builders import race
from tests.storefront.floor import PRODUCTS, shelf


def found(shop: Shop, query: str = "", **more: object) -> list[str]:
    with shop.database.reading() as session:
        return [p.id for p in repository.search(session, query=query, **more)]  # type: ignore[arg-type]


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "ids"),
        [
            ("", ["prd_bonbon", "prd_truffle", "prd_kola", "prd_last"]),
            ("cafe", ["prd_truffle"]),
            ("CAFÉ TRU", ["prd_truffle"]),
            ("bonbon", ["prd_bonbon", "prd_kola"]),
            ("salt cara", ["prd_bonbon"]),
            ("salt espresso", []),
            ("onbon", []),
            ("%", []),
            ("_", []),
            ("'; DROP TABLE storefront_product; --", []),
            ("the", ["prd_bonbon", "prd_last"]),
        ],
    )
    def test_every_word_must_begin_a_word(self, shop: Shop, query: str, ids: list[str]) -> None:
        assert sorted(found(shop, query)) == sorted(ids)

    def test_a_name_weighs_more_than_a_description(self, shop: Shop) -> None:
        extra = [
            {"id": "prd_1", "name": "Aaa", "description": "with pistachio", "category": "x", "price_minor": 1, "stock": 1},
            {"id": "prd_2", "name": "Zzz pistachio", "description": "", "category": "x", "price_minor": 1, "stock": 1},
        ]
        with shop.database.transaction() as session:
            import_catalogue(session, {"products": extra}, at=shop.now())
        assert found(shop, "pista") == ["prd_2", "prd_1"]

    def test_category_limit_and_offset(self, shop: Shop) -> None:
        assert found(shop, category="bonbon") == ["prd_bonbon", "prd_kola"]
        assert found(shop, category="bonbon", limit=1, offset=1) == ["prd_kola"]

    def test_what_is_off_sale_is_not_found(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            import_catalogue(session, {"products": [{**PRODUCTS[0], "on_sale": False}]}, at=shop.now())
        assert found(shop, "bonbon") == ["prd_kola"]
        with shop.database.reading() as session:
            assert repository.product(session, "prd_bonbon") is None
            assert repository.categories(session) == ["bonbon", "egg", "truffle"]

    def test_a_changed_name_is_found_by_the_new_one_only(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            import_catalogue(session, {"products": [{**PRODUCTS[0], "name": "Praline"}]}, at=shop.now())
        assert found(shop, "praline") == ["prd_bonbon"]
        assert found(shop, "month") == []


class TestHold:
    def test_all_or_what_is_short(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            assert repository.hold(session, {"prd_bonbon": 10, "prd_truffle": 5}) == {}
        with shop.database.transaction() as session:
            assert repository.hold(session, {"prd_bonbon": 1, "prd_last": 1, "prd_nobody": 1}) == {"prd_bonbon": 0, "prd_nobody": 0}

    def test_never_below_zero_under_a_race(self, shop: Shop) -> None:
        """Planted bug seen: without `stock_units >= quantity` in the WHERE the check constraint raises instead."""

        def take() -> bool:
            with shop.database.transaction() as session:
                return repository.hold(session, {"prd_bonbon": 3, "prd_truffle": 1}) == {} or _raise()

        results = race([take] * 8)
        assert results.count(True) == 3
        assert (shelf(shop), shelf(shop, "prd_truffle")) == (1, 2)


def _raise() -> bool:
    raise LookupError("short")


class TestPutBack:
    def test_adds_to_what_is_there(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            repository.put_back(session, {"prd_bonbon": 2, "prd_nobody": 1})
        assert shelf(shop) == 12

"""Importing a catalogue: all or nothing, twice is once."""

from __future__ import annotations

import pytest

from app.kernel.errors import Invalid
from storefront.catalog.importing import CatalogueReport, import_catalogue
from storefront.contracts import Particulars
from storefront.facade import Shop, particulars
from tests.storefront.floor import PRODUCTS, shelf


def bring(shop: Shop, document: object) -> CatalogueReport:
    with shop.database.transaction() as session:
        return import_catalogue(session, document, default_currency="EUR", at=shop.now())


class TestImportCatalogue:
    def test_the_same_file_twice_changes_nothing(self, shop: Shop) -> None:
        assert bring(shop, {"products": PRODUCTS}) == CatalogueReport(0, 0, 4)
        assert bring(shop, {"products": [{**PRODUCTS[0], "stock": 3}]}) == CatalogueReport(0, 1, 0)
        assert shelf(shop) == 3

    def test_without_an_id_the_name_and_category_make_it(self, shop: Shop) -> None:
        item = {"name": "Praline", "category": "bonbon", "price_minor": 100, "stock": 1}
        assert bring(shop, {"products": [item]}) == CatalogueReport(1, 0, 0)
        assert bring(shop, {"products": [item]}) == CatalogueReport(0, 0, 1)

    @pytest.mark.parametrize("document", [None, [], {}, {"products": []}, {"products": {}}, {"products": [5]}, {"products": PRODUCTS, "more": 1}])
    def test_what_is_no_catalogue_is_refused(self, shop: Shop, document: object) -> None:
        with pytest.raises(Invalid) as refused:
            bring(shop, document)
        assert refused.value.fields

    def test_one_wrong_product_brings_none(self, shop: Shop) -> None:
        with pytest.raises(Invalid) as refused:
            bring(shop, {"products": [{**PRODUCTS[0], "stock": 99}, {**PRODUCTS[1], "price_minor": "9"}]})
        assert [f.field for f in refused.value.fields] == ["products[1].price_minor"]
        assert shelf(shop) == 10

    def test_what_is_declared_is_kept_and_what_is_not_is_not_none(self, shop: Shop) -> None:
        bring(shop, {"products": [{**PRODUCTS[0], "id": "prd_a", "allergens": ["milk"], "may_contain": [], "care": {"fi": "Viileässä."}, "also_called": ["konvehti"], "serves": 2}, {**PRODUCTS[1], "id": "prd_b"}]})
        with shop.database.reading() as session:
            found = particulars(session, ["prd_a", "prd_b", "prd_none"])
        assert found == {"prd_a": Particulars(("milk",), (), {}, {"fi": "Viileässä."}, ("konvehti",), 2), "prd_b": Particulars()}
        assert bring(shop, {"products": [{**PRODUCTS[1], "id": "prd_b", "allergens": [], "may_contain": []}]}) == CatalogueReport(0, 1, 0)

    @pytest.mark.parametrize("wrong", [{"allergens": ["milk"]}, {"allergens": ["kiwi"], "may_contain": []}, {"care": {"xx": "?"}}, {"serves": 0}])
    def test_half_a_declaration_and_strange_words_are_refused(self, shop: Shop, wrong: dict[str, object]) -> None:
        with pytest.raises(Invalid):
            bring(shop, {"products": [{**PRODUCTS[0], **wrong}]})

"""Importing a catalogue: all or nothing, twice is once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.kernel.errors import Invalid
from offers.benefits import in_scope
from offers.definition import Benefit, BenefitKind
from storefront.carts import repository as carts
from storefront.carts.quoting import quote_lines
from storefront.catalog import search, shelves
from storefront.catalog.adapters.postgresql_index import INDEXES
from storefront.catalog.importing import VERY_MANY, CatalogueReport, import_catalogue
from storefront.catalog.repository import for_cart, variants
from storefront.contracts import Particulars
from storefront.errors import ChooseVariant
from storefront.facade import Shop, cart_quote, catalogue_of, from_csv, particulars, products, put_shelves, to_csv
from tests.offers.builders import KLUUVI, race
from tests.storefront.catalog.shoes import SHOES
from tests.storefront.floor import PRODUCTS, fill, shelf


def bring(shop: Shop, document: object) -> CatalogueReport:
    with shop.database.transaction() as session:
        return import_catalogue(session, document, default_currency="EUR", at=shop.now())


class TestImportCatalogue:
    def test_the_same_file_twice_changes_nothing(self, shop: Shop) -> None:
        assert bring(shop, {"products": PRODUCTS}) == CatalogueReport(0, 0, 4)
        assert bring(shop, {"products": [{**PRODUCTS[0], "stock": 3}]}) == CatalogueReport(0, 1, 0)
        assert shelf(shop) == 3

    def test_of_very_many_the_engine_learns_at_once_how_many_there_are(self, shop: Shop) -> None:
        """Else PostgreSQL plans searches for an empty table, and goes through all that is new, until its own turn comes. Planted bugs: either of the two left out."""
        bring(shop, {"products": [{"name": f"Praline {n}", "category": "bonbon", "price_minor": 100, "stock": 1} for n in range(VERY_MANY)]})
        with shop.database.reading() as session:
            if shop.database.dialect == "postgresql":
                assert session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'storefront_product_search'")) == VERY_MANY + len(PRODUCTS)
                assert [session.scalar(text(f"SELECT gin_clean_pending_list('{name}')")) for name in INDEXES] == [0, 0, 0]  # pages that were still to be sorted in
            assert len(search.search(session, search.Asked("praline 7", limit=100)).products) == 11  # itself, and the seventies

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


class TestVariants:
    def test_each_has_a_row_and_those_not_named_any_more_go_off_sale(self, shop: Shop) -> None:
        assert bring(shop, SHOES) == CatalogueReport(4, 0, 0)
        assert bring(shop, SHOES) == CatalogueReport(0, 0, 4)
        fewer = {**SHOES["products"][0], "variants": SHOES["products"][0]["variants"][:2]}
        assert bring(shop, {"products": [fewer]}) == CatalogueReport(0, 1, 0)
        with shop.database.reading() as session:
            assert [v.id for v in variants(session, "prd_plimsolls")] == ["prd_plimsolls_40", "prd_plimsolls_39"]
            assert [p.id for p in products(session, "wp 105")] == []
        assert bring(shop, {"products": [fewer]}) == CatalogueReport(0, 0, 1)

    def test_without_ids_the_same_file_finds_them_again(self, shop: Shop) -> None:
        item = {"name": "Cap", "category": "hats", "price_minor": 900, "variants": [{"options": {"size": "M"}, "stock": 1}, {"name": "Large", "stock": 2}]}
        assert bring(shop, {"products": [item]}) == CatalogueReport(1, 0, 0)
        assert bring(shop, {"products": [item]}) == CatalogueReport(0, 0, 1)

    def test_what_cannot_be_told_apart_is_refused_by_name(self, shop: Shop) -> None:
        cases: list[tuple[dict[str, object], str]] = [
            ({"stock": 3}, "products[0]"),
            ({"variants": [{"stock": 1}]}, "products[0]"),
            ({"variants": [{"name": "A", "stock": 1}, {"options": {"size": "a"}, "stock": 1}]}, "products[0]"),
            ({"variants": [{"name": "A", "options": {"kind": "x"}, "stock": 1}]}, "products[0]"),
            ({"variants": [{"name": "A", "options": {"7": "x"}, "stock": 1}]}, "products[0].variants[0].options.7.[key]"),
            ({"variants": [{"id": "prd_a", "name": "A", "stock": 1}, {"id": "prd_a", "name": "B", "stock": 1}]}, "products[0].variants[1].id"),
            ({"variants": [{"name": "A", "stock": -1}]}, "products[0].variants[0].stock"),
            ({"prices": {"sek": 1}}, "products[0].prices.sek.[key]"),
        ]
        for wrong, field in cases:
            with pytest.raises(Invalid) as refused:
                bring(shop, {"products": [{**SHOES["products"][0], **wrong}]})
            assert [f.field for f in refused.value.fields] == [field]
        with shop.database.reading() as session:
            assert products(session, "plimsolls") == []

    def test_a_category_in_itself_is_refused(self, shop: Shop) -> None:
        for tree in ({"shoes": "shoes"}, {"a": "b", "b": "c", "c": "a"}, {f"c{n}": f"c{n + 1}" for n in range(9)}):
            told = [{"name": name, "parent": parent} for name, parent in tree.items()]
            with pytest.raises(Invalid, match="name another parent"):
                bring(shop, {"categories": told, "products": PRODUCTS})


class TestSold:
    """What a cart, a coupon and an audience make of a variant."""

    def test_only_a_variant_goes_into_a_cart_at_the_price_of_its_currency(self, shop: Shop) -> None:
        bring(shop, SHOES)
        with pytest.raises(ChooseVariant, match="GET /v1/products/prd_plimsolls"):
            fill(shop, prd_plimsolls=1)
        fill(shop, prd_kola=1)
        fill(shop, prd_plimsolls_39=1, prd_laces=2)
        with shop.database.transaction() as session:
            found = cart_quote(session, shop, "shp_jane", place_id=None, at=shop.now(), seen=True)
        assert found.currency == "SEK"
        assert [(line.product_id, line.unit_minor) for line in found.lines] == [("prd_kola", 4500), ("prd_plimsolls_39", 90_000), ("prd_laces", 3500)]

    def test_a_campaign_for_the_product_or_a_category_above_means_its_variants(self, shop: Shop) -> None:
        """Planted bug: a scope that looks at the line's own id and category alone gives nothing on any of these."""
        bring(shop, SHOES)
        fill(shop, prd_plimsolls_39=1, prd_laces=1)
        with shop.database.reading() as session:
            cart = carts.cart_of(session, "shp_jane")
            lines = quote_lines(cart, for_cart(session, [line.product_id for line in cart.lines], cart.currency))
        ten = Benefit(BenefitKind.PERCENT, percent_bp=1000)
        assert [in_scope(replace(ten, product_ids=("prd_plimsolls",)), line) for line in lines] == [True, False]
        assert [in_scope(replace(ten, categories=("shoes",)), line) for line in lines] == [True, True]
        assert [in_scope(replace(ten, categories=("sneakers",)), line) for line in lines] == [True, False]


class TestFiles:
    @pytest.mark.parametrize("form", ["json", "csv"])
    def test_what_is_written_and_read_again_changes_nothing(self, shop: Shop, form: str) -> None:
        declared = {**PRODUCTS[0], "allergens": ["milk"], "may_contain": [], "care": {"fi": "Viileässä, \"kuivassa\""}, "description": "a, b\nc"}
        bring(shop, {"products": [declared]})
        bring(shop, SHOES)
        with shop.database.reading() as session:
            document = catalogue_of(session)
        again = json.loads(json.dumps(document)) if form == "json" else from_csv(to_csv(document))
        assert bring(shop, again) == CatalogueReport(0, 0, 8)

    @pytest.mark.parametrize(
        ("text", "field"),
        [
            ("", "line 1"),
            ("id,name\n", "line 1"),
            ("name,category,price_minor,colour\n", "line 1"),
            ("name,category,price_minor\na,b\n", "line 2"),
            ("name,category,price_minor\na,b,1,2\n", "line 2"),
            ("name,category,price_minor\na,b,1.50\n", "line 2.price_minor"),
            ("name,category,price_minor,options\na,b,1,red\n", "line 2.options"),
            ("name,category,price_minor,variant_of\na,b,1,prd_x\n", "line 2.variant_of"),
            ("name,category,price_minor,declared\na,b,1,[]\n", "line 2.declared"),
            ("name,category,price_minor,on_sale\na,b,1,perhaps\n", "line 2.on_sale"),
        ],
    )
    def test_what_is_no_table_of_ours_names_its_line(self, text: str, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            from_csv(text)
        assert [f.field for f in refused.value.fields] == [field]


class TestShelves:
    def test_one_wrong_one_and_none_is_told(self, shop: Shop) -> None:
        bring(shop, SHOES)
        good = {"place_id": KLUUVI.id, "product_id": "prd_laces", "units": 3, "aisle": "2"}
        for wrong, field in (({"place_id": "plc_none"}, "place_id"), ({"product_id": "prd_plimsolls"}, "product_id"), ({"product_id": "prd_laces"}, "product_id"), ({"units": -1}, "units")):
            with pytest.raises(Invalid) as refused, shop.database.transaction() as session:
                put_shelves(session, {"shelves": [good, {**good, "product_id": "prd_socks", **wrong}]}, at=shop.now())
            assert [f.field for f in refused.value.fields] == [f"shelves[1].{field}"]
        with shop.database.reading() as session:
            assert shelves.of_products(session, ["prd_laces"]) == ()

    def test_never_more_is_taken_than_lies_there(self, shop: Shop) -> None:
        """Planted bug: without `units >=` in the WHERE the check constraint raises where a shortage is to be told."""
        bring(shop, SHOES)
        with shop.database.transaction() as session:
            put_shelves(session, {"shelves": [{"place_id": KLUUVI.id, "product_id": "prd_laces", "units": 3}]}, at=shop.now())

        def take() -> bool:
            with shop.database.transaction() as session:
                return shelves.take(session, KLUUVI.id, {"prd_laces": 2}, at=shop.now()) == {}

        assert race([take] * 3).count(True) == 1
        with shop.database.transaction() as session:
            assert shelves.take(session, KLUUVI.id, {"prd_laces": 2}, at=shop.now()) == {"prd_laces": 1}
            shelves.put_back(session, KLUUVI.id, {"prd_laces": 2, "prd_socks": 1}, at=shop.now())
        with shop.database.reading() as session:
            assert [s.units for s in shelves.of_products(session, ["prd_laces"])] == [3]

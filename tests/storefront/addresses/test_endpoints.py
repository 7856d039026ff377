from __future__ import annotations

from fastapi.testclient import TestClient

from storefront.facade import Shop
from tests.storefront.floor import shopper

HOME = {"name": "Jane Doe", "lines": ["Mannerheimintie 5"], "postcode": "00100", "city": "Helsinki", "country": "FI", "phone": "+358 40 123 4567"}


class TestAddresses:
    def test_kept_shown_changed_and_forgotten(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        made = client.post("/v1/me/addresses", json=HOME, headers=jane)
        assert made.status_code == 201, made.text
        assert made.headers["cache-control"] == "no-store"
        one = made.json()
        assert (one["default"], one["phone"], one["country_name"]) == (True, "+358401234567", "Finland")
        assert one["text"] == ["Jane Doe", "Mannerheimintie 5", "FI-00100 HELSINKI", "Finland"]
        assert client.get("/v1/me/addresses", headers=jane).json() == {"addresses": [one]}
        changed = client.put(f"/v1/me/addresses/{one['id']}", json=HOME | {"city": "Espoo", "postcode": "02100"}, headers=jane).json()
        assert (changed["id"], changed["city"]) == (one["id"], "Espoo")
        assert client.get(f"/v1/me/addresses/{one['id']}", headers=jane).json() == changed
        assert client.delete(f"/v1/me/addresses/{one['id']}", headers=jane).status_code == 204
        assert client.get("/v1/me/addresses", headers=jane).json() == {"addresses": []}

    def test_anothers_is_none_whatever_is_sent(self, client: TestClient, shop: Shop) -> None:
        """404 before what is written is looked at: nobody learns by it which addresses there are."""
        (_, jane), (_, john) = shopper(shop.database), shopper(shop.database)
        theirs = client.post("/v1/me/addresses", json=HOME, headers=john).json()
        at = f"/v1/me/addresses/{theirs['id']}"
        answers = [client.get(at, headers=jane), client.put(at, json=HOME | {"postcode": "x"}, headers=jane), client.delete(at, headers=jane)]
        assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "unknown_address")] * 3
        assert client.get(at, headers=john).json() == theirs

    def test_what_is_wrong_is_named(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        for body, field in ((HOME | {"postcode": "1"}, "postcode"), (HOME | {"phone": "040 123"}, "phone"), (HOME | {"country": "XX"}, "country"), (HOME | {"lines": []}, "lines"), (HOME | {"note": "x"}, "note")):
            refused = client.post("/v1/me/addresses", json=body, headers=jane)
            assert (refused.status_code, [e["field"] for e in refused.json()["errors"]]) == (422, [field])
        assert client.get("/v1/me/addresses", headers=jane).json() == {"addresses": []}

"""The routes of receipts: hers alone, and everybody's to staff."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop
from tests.storefront.floor import fill, order, shopper, staff


class TestRoutes:
    def test_hers_and_nobody_elses(self, client: TestClient, shop: Shop) -> None:
        """Planted bug seen: the paper found by its number alone is handed to Eve."""
        jane_id, jane = shopper(shop.database)
        _, eve = shopper(shop.database)
        maria, clerk = staff(shop.database, Role.MARKETER), staff(shop.database, Role.CLERK)
        fill(shop, jane_id, prd_bonbon=2)
        order_id, _ = order(shop, shopper_id=jane_id, method="pm_card_visa")
        listed = client.get(f"/v1/orders/{order_id}/papers", headers=jane).json()["papers"]
        assert [(p["number"], p["kind"], p["total_minor"]) for p in listed] == [("R2026-000001", "receipt", 900)]
        at = f"/v1/orders/{order_id}/papers/R2026-000001"
        got = client.get(at, headers=jane).json()
        assert (got["content"]["total_minor"], got["paper"]["sha256"]) == (900, listed[0]["sha256"])
        file = client.get(f"{at}/pdf", params={"language": "fi"}, headers=jane)
        assert (file.headers["Content-Type"], file.content[:5], file.headers["Content-Disposition"]) == ("application/pdf", b"%PDF-", 'inline; filename="R2026-000001.pdf"')
        assert [client.get(f"{at}{part}", headers=eve).status_code for part in ("", "/pdf")] == [404, 404]
        eves = order(shop, "k2", shopper_id=_filled(shop, eve, client), method="pm_card_visa")[0]
        assert client.get(f"/v1/orders/{eves}/papers/R2026-000001", headers=eve).json()["code"] == "unknown_paper"
        assert client.get(f"/v1/orders/{order_id}/papers", headers=eve).status_code == 404
        assert [client.get(at, headers=who).status_code for who in (maria, clerk)] == [200, 403]


def _filled(shop: Shop, headers: dict[str, str], client: TestClient) -> str:
    client.post("/v1/cart/lines", json={"product_id": "prd_truffle"}, headers=headers)
    return client.get("/v1/cart", headers=headers).json()["shopper_id"]

"""The routes of reviews: anybody reads, she writes, staff decide."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop
from tests.storefront.floor import shopper, staff

URL = "/v1/products/prd_bonbon/review"


class TestRoutes:
    def test_written_waiting_decided_read(self, shop: Shop, client: TestClient) -> None:
        _, jane = shopper(shop.database)
        _, john = shopper(shop.database)
        maria = staff(shop.database, Role.MARKETER)
        made = client.put(URL, headers=jane, json={"stars": 4, "text": "See www.x.example", "name": "Jane", "shown_as": "initial"}).json()
        assert (made["state"], made["waits"], made["waits_text"]) == ("pending", ["review_has_link"], ["It holds a link."])
        [waiting] = client.get("/v1/reviews", headers=maria).json()["reviews"]
        review_id = waiting["review"]["id"]
        assert client.post(f"/v1/reviews/{review_id}/report", headers=john, json={"cause": "review_advertising"}).status_code == 404  # nobody has seen it
        assert client.post(f"/v1/reviews/{review_id}/decision", headers=maria, json={"version": 1, "approve": False, "why": "price_changed"}).status_code == 422
        assert client.post(f"/v1/reviews/{review_id}/decision", headers=maria, json={"version": 1, "approve": True}).json()["state"] == "published"
        assert client.post(f"/v1/reviews/{review_id}/decision", headers=maria, json={"version": 1, "approve": True}).json()["code"] == "review_changed"
        client.put(f"/v1/reviews/{review_id}/reply", headers=maria, json={"version": 1, "text": "Thanks"})
        found = client.get(f"{URL}s").json()
        assert found["rating"] == {"count": 1, "average_tenths": 40, "by_stars": {"5": 0, "4": 1, "3": 0, "2": 0, "1": 0}}
        assert [(one["name"], one["text"], one["reply"]) for one in found["reviews"]] == [("J.", "See www.x.example", "Thanks")]
        assert "shopper_id" not in found["reviews"][0]
        assert client.get("/v1/ratings?product_id=prd_bonbon&product_id=prd_last").json()["ratings"]["prd_bonbon"]["count"] == 1
        assert client.post(f"/v1/reviews/{review_id}/report", headers=john, json={"cause": "review_advertising"}).status_code == 204
        assert [one["state"] for one in client.get("/v1/me/reviews", headers=jane).json()["reviews"]] == ["published"]
        assert (client.delete(URL, headers=jane).status_code, client.delete(URL, headers=jane).status_code) == (204, 404)
        assert client.get(f"{URL}s").json()["rating"]["count"] == 0

    def test_what_is_none(self, shop: Shop, client: TestClient) -> None:
        _, jane = shopper(shop.database)
        assert client.get("/v1/products/prd_gone/reviews").json()["code"] == "unknown_product"
        assert [client.put(URL, headers=jane, json=body).status_code for body in ({"stars": 6}, {"stars": 0}, {"stars": 5, "text": "x" * 2001}, {})] == [422] * 4

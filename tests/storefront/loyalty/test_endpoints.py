"""The routes: where she stands, her word, and points for money once however often the request comes; and what is handed over and forgotten."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop
from storefront.loyalty import holding
from storefront.points import ledger
from storefront.privacy import erase_points, export_points
from tests.storefront.floor import shopper, staff
from tests.storefront.loyalty.club import JANE, Club


class TestStanding:
    def test_what_she_has_and_what_is_missing(self, club: Club, client: TestClient) -> None:
        shopper_id, headers = shopper(club.shop.database)
        club.buy("k1", shopper_id, prd_bonbon=4)
        found = client.get("/v1/loyalty", headers=headers).json()
        assert (found["programme"], found["points"], found["counted"], found["tier"]["name"]) == ("Bonbon Club", 18, True, "Silver")
        assert [(one["id"], one["have"], one["needs"], one["full"]) for one in found["cards"]] == [("bonbon", 1, 3, 1), ("come", 0, 2, 0)]
        assert [(gift["title"], gift["state"]) for gift in found["gifts"]] == [("Bonbon card", "given")]

    def test_without_a_programme_there_are_points_alone(self, shop: Shop, client: TestClient) -> None:
        _, headers = shopper(shop.database)
        found = client.get("/v1/loyalty", headers=headers).json()
        assert (found["programme"], found["points"], found["cards"], found["tier"]) == (None, 0, [], None)


class TestCounting:
    def test_no_and_yes_again(self, club: Club, client: TestClient) -> None:
        shopper_id, headers = shopper(club.shop.database)
        assert client.put("/v1/loyalty/counting", json={"counted": False}, headers=headers).json() == {"counted": False}
        club.buy("k1", shopper_id, prd_bonbon=4)
        found = client.get("/v1/loyalty", headers=headers).json()
        assert (found["counted"], found["points"], found["gifts"]) == (False, 0, [])
        assert client.put("/v1/loyalty/counting", json={"counted": True}, headers=headers).json() == {"counted": True}
        assert client.put("/v1/loyalty/counting", json={"counted": "perhaps"}, headers=headers).status_code == 422


class TestExchange:
    def test_once_for_one_key(self, club: Club, client: TestClient) -> None:
        shopper_id, headers = shopper(club.shop.database)
        club.buy("k1", shopper_id, prd_truffle=2)
        again = [client.post("/v1/points/exchange", json={"times": 1}, headers=headers | {"Idempotency-Key": "once"}).json() for _ in range(3)]
        assert again == [{"credit_minor": 100}] * 3
        assert (club.shown(shopper_id).points, club.credit(shopper_id)) == (15, 100)
        refused = client.post("/v1/points/exchange", json={"times": 2}, headers=headers)
        assert (refused.status_code, refused.json()["code"], refused.json()["points"]) == (409, "points_too_few", 15)
        assert client.post("/v1/points/exchange", json={"times": 0}, headers=headers).status_code == 422


class TestProgramme:
    def test_staff_read_the_file(self, club: Club, client: TestClient) -> None:
        answer = client.get("/v1/loyalty/programme", headers=staff(club.shop.database, Role.MARKETER))
        assert answer.headers["content-type"].startswith("application/yaml")
        assert "name: Bonbon Club" in answer.text
        _, headers = shopper(club.shop.database)
        assert client.get("/v1/loyalty/programme", headers=headers).status_code == 403


class TestHolding:
    def test_everything_is_handed_over_and_nothing_stays_but_the_sums(self, club: Club) -> None:
        club.agree()
        club.come("vis_1")
        order_id = club.buy("k1", prd_bonbon=4)
        with club.shop.database.transaction() as session:
            held = holding.export(session, JANE)["loyalty"]
            assert {(row["source_id"], row["kind"]) for row in held["fact"]} == {("vis_1", "visited"), (order_id, "bought")}
            assert (held["reward"][0]["title"], held["standing"][0]["tier"]) == ("Bonbon card", "silver")
            assert export_points(session, JANE)["points"] == 18 + 5
            causes = {lot.cause for lot in ledger.lots(session, JANE)}
            holding.forget(session, JANE)
            erase_points(session, JANE)
        with club.shop.database.reading() as session:
            assert (holding.export(session, JANE), export_points(session, JANE), ledger.drift(session)) == ({}, {}, {})
            assert causes & {lot.cause for lot in ledger.lots(session, "erased")} == {order_id}

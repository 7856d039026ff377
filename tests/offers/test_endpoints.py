"""The routes through HTTP: own and other's, roles, idempotency, problem documents."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.http import PROBLEM, RequestGuard, install_problems
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from app.security.access import Role
from app.security.settings import SecuritySettings
from app.security.shoppers import NewDevice
from offers import facade
from offers.contracts import CouponView
from offers.endpoints import router
from offers.settings import OfferSettings
from tests.conftest import START
from tests.offers.builders import document, go_live, moment, race

Headers = dict[str, str]


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = FastAPI()
    settings = SimpleNamespace(security=SecuritySettings(till_codes_per_minute=1000, guesses_per_minute=1000), offers=OfferSettings(four_eyes=False))  # type: ignore[call-arg]
    app.state.house = SimpleNamespace(database=database, settings=settings)
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def shopper(database: Database) -> tuple[NewDevice, Headers]:
    with database.transaction() as session:
        device = people.register_device(session, "Phone", "ios", START)
        set_consent(session, device.shopper_id, Purpose.PERSONALISATION, granted=True, source="test", at=START)
    return device, {"Authorization": f"Bearer {device.token}"}


def staff(database: Database, role: Role, *place_ids: str, name: str = "Kim") -> Headers:
    with database.transaction() as session:
        person_id = people.staff(session, role, name, at=START, place_ids=place_ids)
        opened = people.open_session(session, role, at=START, ttl_s=86_400, person_id=person_id)
    return {"Authorization": f"Bearer {opened.token}"}


@pytest.fixture
def jane(database: Database) -> tuple[NewDevice, Headers]:
    return shopper(database)


@pytest.fixture
def coupon(database: Database, jane: tuple[NewDevice, Headers]) -> CouponView:
    with database.transaction() as session:
        go_live(session)
        facade.decide(session, moment(shopper_id=jane[0].shopper_id), at=START)
    with database.reading() as session:
        return facade.wallet(session, jane[0].shopper_id, START)[0]


class TestWallet:
    def test_own_coupons_with_their_codes(
        self, client: TestClient, jane: tuple[NewDevice, Headers], coupon: CouponView, database: Database
    ) -> None:
        answer = client.get("/v1/coupons", headers=jane[1])
        assert [(c["id"], c["code"], c["state"]) for c in answer.json()["coupons"]] == [
            (coupon.id, coupon.code, "issued")
        ]
        assert answer.headers["cache-control"] == "no-store"
        _, john = shopper(database)
        assert client.get("/v1/coupons", headers=john).json() == {"coupons": []}
        assert client.get(f"/v1/coupons/{coupon.id}", headers=jane[1]).json()["title"] == coupon.title
        other = client.get(f"/v1/coupons/{coupon.id}", headers=john)
        assert (other.status_code, other.headers["content-type"], other.json()["code"]) == (
            404,
            PROBLEM,
            "no_such_coupon",
        )

    def test_nobody_else(self, client: TestClient, database: Database) -> None:
        assert client.get("/v1/coupons").status_code == 401
        assert client.get("/v1/coupons", headers=staff(database, Role.MARKETER)).status_code == 403


class TestExplain:
    def test_in_her_words_and_theirs(
        self, client: TestClient, jane: tuple[NewDevice, Headers], coupon: CouponView, database: Database
    ) -> None:
        for any_id in (coupon.id, coupon.decision_id, coupon.moment_id):
            mine = client.get(f"/v1/explain/{any_id}", headers=jane[1]).json()
            assert mine["headline"] == (
                "You got this because you walked into Ooey Gooey Kluuvi at 14:00 and the bonbon of the month is on sale there until 29 November."
            )
            assert mine["decision"]["outcome"] == "offer"
        theirs = client.get(f"/v1/explain/{coupon.id}", headers=staff(database, Role.MARKETER)).json()
        assert theirs["headline"].startswith("“Bonbon of the month” was offered because the shopper walked in")
        _, john = shopper(database)
        assert client.get(f"/v1/explain/{coupon.id}", headers=john).status_code == 404
        assert client.get(f"/v1/decisions/{coupon.decision_id}", headers=john).status_code == 404
        assert client.get("/v1/explain/nothing", headers=jane[1]).json()["code"] == "no_such_decision"

    def test_withheld_for_want_of_consent(self, client: TestClient, database: Database) -> None:
        device, headers = shopper(database)
        with database.transaction() as session:
            set_consent(session, device.shopper_id, Purpose.PERSONALISATION, granted=False, source="test", at=START)
            go_live(session)
            facade.decide(session, moment(shopper_id=device.shopper_id), at=START)
        (decision,) = client.get("/v1/decisions", headers=headers).json()["decisions"]
        assert (decision["outcome"], [r["code"] for r in decision["reasons"]]) == (
            "withheld",
            ["no_consent_personalisation"],
        )
        assert client.get("/v1/coupons", headers=headers).json() == {"coupons": []}


class TestDecisions:
    def test_a_shopper_sees_her_own_the_marketer_all(
        self, client: TestClient, jane: tuple[NewDevice, Headers], coupon: CouponView, database: Database
    ) -> None:
        _, john = shopper(database)
        assert client.get("/v1/decisions", headers=john).json() == {"decisions": []}
        assert (
            len(client.get("/v1/decisions?outcome=offer&campaign_id=cam_bonbon", headers=jane[1]).json()["decisions"])
            == 1
        )
        assert len(client.get("/v1/decisions", headers=staff(database, Role.OPERATOR)).json()["decisions"]) == 1
        wrong = client.get("/v1/decisions?limit=0&outcome=maybe", headers=jane[1])
        assert sorted(e["field"] for e in wrong.json()["errors"]) == ["limit", "outcome"]


class TestLiveCoupon:
    def test_hers_alone_and_not_kept_by_anybody_on_the_way(
        self, client: TestClient, database: Database, jane: tuple[NewDevice, Headers], coupon: CouponView
    ) -> None:
        answer = client.get(f"/v1/coupons/{coupon.id}/live", headers=jane[1])
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.json()["text"].startswith("MM1.")
        assert answer.json()["step_s"] == 15
        _, other = shopper(database)
        assert client.get(f"/v1/coupons/{coupon.id}/live", headers=other).status_code == 404

    def test_redeems_at_the_till_and_then_is_live_no_more(
        self, client: TestClient, database: Database, jane: tuple[NewDevice, Headers], coupon: CouponView
    ) -> None:
        shown = client.get(f"/v1/coupons/{coupon.id}/live", headers=jane[1]).json()
        clerk = staff(database, Role.CLERK, "plc_kluuvi")
        sent = {"code": shown["text"]}
        answer = client.post("/v1/till/redemptions", json=sent, headers={**clerk, "Idempotency-Key": "live-1"})
        assert answer.status_code == 201
        again = client.get(f"/v1/coupons/{coupon.id}/live", headers=jane[1])
        assert (again.status_code, again.json()["code"]) == (409, "coupon_not_live")

    def test_where_the_live_code_is_required_the_written_one_is_refused_with_its_reason(
        self, client: TestClient, database: Database, coupon: CouponView
    ) -> None:
        client.app.state.house.settings.offers = OfferSettings(live_code_required=True)  # type: ignore[attr-defined]
        clerk = staff(database, Role.CLERK, "plc_kluuvi")
        answer = client.post(
            "/v1/till/redemptions", json={"code": coupon.code}, headers={**clerk, "Idempotency-Key": "live-2"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "scan_refused")
        assert answer.json()["reason"] == "live_code_needed"
        assert coupon.code not in answer.text


class TestTill:
    def scan(self, client: TestClient, headers: Headers, key: str | None = None, **body: Any) -> Any:
        return client.post(
            "/v1/till/redemptions", json=body, headers={**headers, **({"Idempotency-Key": key} if key else {})}
        )

    def test_once_then_when_and_where(self, client: TestClient, coupon: CouponView, database: Database) -> None:
        clerk = staff(database, Role.CLERK, "plc_kluuvi")
        first = self.scan(client, clerk, code=coupon.code.lower())
        assert (first.status_code, first.json()["place_id"], first.json()["undo_until"]) == (
            201,
            "plc_kluuvi",
            "2026-11-21T12:01:00Z",
        )
        second = self.scan(client, clerk, code=coupon.code)
        assert (second.status_code, second.json()["code"], second.json()["place_name"]) == (
            409,
            "coupon_already_redeemed",
            "Ooey Gooey Kluuvi",
        )
        assert "21 November at 14:00" in second.json()["detail"]

    def test_a_retry_with_the_same_key_is_the_same_redemption(
        self, client: TestClient, coupon: CouponView, database: Database
    ) -> None:
        clerk = staff(database, Role.CLERK, "plc_kluuvi")
        first = self.scan(client, clerk, "key-1", code=coupon.code)
        again = self.scan(client, clerk, "key-1", code=coupon.code)
        assert (again.status_code, again.json()) == (201, first.json())
        assert self.scan(client, clerk, "key-1", code="other").status_code == 422

    def test_sixteen_requests_at_once(self, client: TestClient, coupon: CouponView, database: Database) -> None:
        clerk = staff(database, Role.CLERK, "plc_kluuvi")
        answers = race([lambda: self.scan(client, clerk, code=coupon.code).status_code] * 16)
        assert sorted(answers) == [201] + [409] * 15

    def test_undo(self, client: TestClient, coupon: CouponView, database: Database, clock: ManualClock) -> None:
        clerk, other = staff(database, Role.CLERK, "plc_kluuvi"), staff(database, Role.CLERK, "plc_kluuvi", name="Max")
        use = self.scan(client, clerk, code=coupon.code).json()
        path = f"/v1/till/redemptions/{use['redemption_id']}/undo"
        assert client.post(path, headers=other).json()["code"] == "not_your_redemption"
        assert client.post(path, headers=clerk).json() == {"redemption_id": use["redemption_id"], "undone": True}
        assert client.post(path, headers=clerk).json()["code"] == "already_undone"
        use = self.scan(client, clerk, code=coupon.code).json()
        clock.advance(61)
        assert (
            client.post(f"/v1/till/redemptions/{use['redemption_id']}/undo", headers=clerk).json()["code"]
            == "undo_too_late"
        )

    def test_only_at_ones_own_store(self, client: TestClient, coupon: CouponView, database: Database) -> None:
        clerk = staff(database, Role.CLERK, "plc_kluuvi", "plc_kamppi")
        unsaid = self.scan(client, clerk, code=coupon.code)
        assert (unsaid.status_code, unsaid.json()["errors"][0]["field"]) == (422, "place_id")
        assert self.scan(client, clerk, code=coupon.code, place_id="plc_tokyo").json()["code"] == "not_your_store"
        assert self.scan(client, clerk, code=coupon.code, place_id="plc_kamppi").status_code == 201

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"code": "0000-0000-0000-0000"}, 404, "code_unknown"),
            ({"code": "0000-0000-0000-0001"}, 422, "code_mistyped"),
            ({"code": "\u202e\U0001f600"}, 422, "code_mistyped"),
            ({"code": ""}, 422, "invalid"),
            ({"code": "x" * 701}, 422, "invalid"),
            ({"code": 5}, 422, "invalid"),
            ({}, 422, "invalid"),
            ({"code": "0000-0000-0000-0000", "discount_minor": -1}, 422, "invalid"),
            ({"code": "0000-0000-0000-0000", "surprise": 1}, 422, "invalid"),
        ],
    )
    def test_bad_input(
        self, client: TestClient, database: Database, body: dict[str, Any], status: int, code: str
    ) -> None:
        answer = self.scan(client, staff(database, Role.CLERK, "plc_kluuvi"), **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_a_marketer_or_a_shopper_is_no_clerk(
        self, client: TestClient, jane: tuple[NewDevice, Headers], coupon: CouponView, database: Database
    ) -> None:
        assert self.scan(client, jane[1], code=coupon.code).status_code == 403
        assert self.scan(client, staff(database, Role.MARKETER), code=coupon.code).status_code == 403


class TestFewer:
    def test_is_recorded_and_honoured(
        self, client: TestClient, jane: tuple[NewDevice, Headers], database: Database, clock: ManualClock
    ) -> None:
        with database.transaction() as session:
            go_live(session, caps={"per_shopper": None}, schedule={})
            facade.decide(session, moment(shopper_id=jane[0].shopper_id), at=START)
            (coupon,) = facade.wallet(session, jane[0].shopper_id, START)
        assert client.post(f"/v1/offers/{coupon.id}/fewer", headers=jane[1]).json() == {"times": 1}
        outcomes: list[str] = []
        for n, advance_s in enumerate([10, 30 * 86_400]):
            at = clock.advance(advance_s)
            with database.transaction() as session:
                (decision_id,) = facade.decide(session, moment(f"mom_x{n}", jane[0].shopper_id, at=at), at=at)
                view = facade.decision(session, decision_id)
            assert view is not None
            outcomes += [view.outcome, *(r.code for r in view.reasons if not r.passed)]
        assert outcomes == ["withheld", "shopper_asked_for_fewer", "offer"]
        assert client.post(f"/v1/offers/{coupon.id}/fewer", headers=jane[1]).json() == {"times": 2}
        at = clock.advance(300 * 86_400)
        with database.transaction() as session:
            (decision_id,) = facade.decide(session, moment("mom_y", jane[0].shopper_id, at=at), at=at)
            assert facade.decision(session, decision_id).outcome == "withheld"  # type: ignore[union-attr]

    def test_another_s_coupon_is_not_found(self, client: TestClient, coupon: CouponView, database: Database) -> None:
        _, john = shopper(database)
        assert client.post(f"/v1/offers/{coupon.id}/fewer", headers=john).status_code == 404


class TestCampaigns:
    def test_from_draft_to_live_to_paused(self, client: TestClient, database: Database) -> None:
        marketer = staff(database, Role.MARKETER)
        made = client.post("/v1/campaigns", json=document(), headers=marketer)
        assert (made.status_code, made.json()["state"], made.json()["version"]) == (201, "draft", 1)
        path = f"/v1/campaigns/{made.json()['id']}"
        assert client.post(f"{path}/activate", headers=marketer).json()["state"] == "live"
        changed = client.patch(path, json={"caps": {"total": 5}}, headers=marketer).json()
        assert (changed["version"], changed["definition"]["caps"]) == (
            2,
            {"per_shopper": 1, "per_shopper_window": None, "total": 5, "per_place": None, "total_window": None, "counted_by": ["account"]},
        )
        assert client.post(f"{path}/pause", headers=marketer).json()["state"] == "paused"
        assert client.post(f"{path}/end", headers=marketer).json()["state"] == "ended"
        assert client.post(f"{path}/activate", headers=marketer).json()["code"] == "campaign_state"
        assert [c["state"] for c in client.get("/v1/campaigns", headers=marketer).json()["campaigns"]] == ["ended"]

    def test_four_eyes(self, client: TestClient, database: Database) -> None:
        client.app.state.house.settings.offers = OfferSettings()  # type: ignore[attr-defined]
        anna, bert = staff(database, Role.MARKETER, name="Anna"), staff(database, Role.MARKETER, name="Bert")
        path = f"/v1/campaigns/{client.post('/v1/campaigns', json=document(), headers=anna).json()['id']}"
        alone = client.post(f"{path}/activate", headers=anna)
        assert (alone.status_code, alone.json()["code"]) == (409, "campaign_not_approved")
        assert client.post(f"{path}/submit", headers=anna).json()["state"] == "review"
        own = client.post(f"{path}/approve", json={"version": 1}, headers=anna)
        assert (own.status_code, own.json()["code"]) == (403, "approved_by_another")
        back = client.post(f"{path}/send-back", json={"note": "Too dear"}, headers=bert)
        assert back.json()["state"] == "draft"
        assert client.patch(path, json={"benefit": {"percent": 10}}, headers=anna).json()["version"] == 2
        client.post(f"{path}/submit", json={"note": "Now cheaper"}, headers=anna)
        assert client.post(f"{path}/approve", json={}, headers=bert).json()["errors"][0]["field"] == "version"
        approved = client.post(f"{path}/approve", json={"version": 2}, headers=bert).json()
        assert (approved["state"], approved["approved_version"]) == ("approved", 2)
        assert client.post(f"{path}/activate", headers=anna).json()["state"] == "live"
        assert client.patch(path, json={"priority": 3}, headers=anna).json()["code"] == "campaign_state"
        history = client.get(f"{path}/history", headers=anna).json()
        assert [step["to_state"] for step in history["steps"]] == ["review", "draft", "review", "approved", "live"]
        assert history["versions"][1]["changes"][0]["text"] == "Percent off: 20 → 10."
        differs = client.get(f"{path}/difference?from_version=2&to_version=1", headers=anna).json()
        assert [change["field"] for change in differs["changes"]] == ["benefit.percent"]
        assert client.get(f"{path}/difference?from_version=1&to_version=9", headers=anna).json()["code"] == "no_such_version"

    def test_what_comes_out_goes_in(self, client: TestClient, database: Database) -> None:
        marketer = staff(database, Role.MARKETER)
        made = client.post("/v1/campaigns", json=document(), headers=marketer).json()
        copy = client.post("/v1/campaigns", json=made["definition"], headers=marketer)
        assert (copy.status_code, copy.json()["definition"]) == (201, made["definition"])

    def test_a_place_nobody_knows(self, client: TestClient, database: Database) -> None:
        nowhere = document(trigger={"moment_kinds": ["dwell"], "place_ids": ["plc_moon"]})
        answer = client.post("/v1/campaigns", json=nowhere, headers=staff(database, Role.MARKETER))
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, ["trigger.place_ids"])

    def test_names_wrong_fields(self, client: TestClient, database: Database) -> None:
        marketer = staff(database, Role.MARKETER)
        answer = client.post(
            "/v1/campaigns",
            json=document(benefit={"kind": "percent", "percent": 101}, currency="euro"),
            headers=marketer,
        )
        assert (answer.status_code, sorted(e["field"] for e in answer.json()["errors"])) == (
            422,
            ["benefit.percent", "currency"],
        )
        made = client.post("/v1/campaigns", json=document(), headers=marketer).json()
        answer = client.patch(f"/v1/campaigns/{made['id']}", json={"trigger": {"tags": 5}}, headers=marketer)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "trigger.tags")
        assert client.patch("/v1/campaigns/cam_none", json={}, headers=marketer).status_code == 404
        assert client.patch(f"/v1/campaigns/{made['id']}", json=[1], headers=marketer).status_code == 422

    @pytest.mark.parametrize(
        "body",
        [
            b'{"\\ud800": 1}',
            b'{"name": "\\ud800"}',
            b'{"trigger": {"\\ud800": 1}, "benefit": 5, "caps": [1]}',
            b'{"benefit": {"kind": ["x"]}}',
            b'{"priority": 1e400}',
            b'{"schedule": {"ends_on": 1e30}}',
            b'{"budget_minor": ' + b"9" * 5000 + b"}",
            b"[" * 100_000,
            b'{"name": "half',
            b"",
        ],
    )
    def test_odd_bodies_are_refused_politely(self, client: TestClient, database: Database, body: bytes) -> None:
        headers = {**staff(database, Role.MARKETER), "Content-Type": "application/json"}
        with database.transaction() as session:
            go_live(session)
        for method, path in (("PATCH", "/v1/campaigns/cam_bonbon"), ("POST", "/v1/campaigns")):
            answer = client.request(method, path, content=body, headers=headers)
            assert answer.status_code in (400, 422), answer.text
            assert answer.headers["content-type"] == PROBLEM
        assert client.get("/v1/campaigns", headers=headers).json()["campaigns"][0]["version"] == 1

    def test_for_marketers_only(self, client: TestClient, jane: tuple[NewDevice, Headers], database: Database) -> None:
        assert client.get("/v1/campaigns", headers=jane[1]).status_code == 403
        assert client.post("/v1/campaigns", json=document(), headers=staff(database, Role.OPERATOR)).status_code == 403
        assert client.get("/v1/campaigns", headers=staff(database, Role.OPERATOR)).status_code == 200

from __future__ import annotations

from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.privacy.records import canonical, hash_of
from app.security.shoppers import NewDevice


def _bearer(device: NewDevice) -> dict[str, str]:
    return {"Authorization": f"Bearer {device.token}"}


class TestPutConsent:
    def test_grant_and_withdraw_are_seen_by_the_gate_at_once(self, client: TestClient, jane: NewDevice, john: NewDevice, database: Database) -> None:
        for granted in (True, False):
            answer = client.put("/v1/consents/location", json={"granted": granted}, headers=_bearer(jane))
            assert (answer.status_code, answer.json()["live"], answer.json()["purpose"]) == (200, granted, "location")
            with database.reading() as session:
                assert may(session, jane.shopper_id, Purpose.LOCATION, database.clock.now()).ok is granted
                assert not may(session, john.shopper_id, Purpose.LOCATION, database.clock.now()).ok

    def test_bad_input_names_the_field(self, client: TestClient, jane: NewDevice) -> None:
        for path, body, field in (("location", {"granted": "yes"}, "granted"), ("location", {"granted": 1}, "granted"), ("location", {}, "granted"), ("location", {"granted": True, "x": 1}, "x"), ("mind_reading", {"granted": True}, "purpose")):
            answer = client.put(f"/v1/consents/{path}", json=body, headers=_bearer(jane))
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_a_stranger_may_not(self, client: TestClient) -> None:
        assert client.put("/v1/consents/location", json={"granted": True}).status_code == 401
        assert client.get("/v1/consents").status_code == 401


class TestMyConsents:
    def test_nothing_is_granted_by_default(self, client: TestClient, jane: NewDevice) -> None:
        views = client.get("/v1/consents", headers=_bearer(jane)).json()["consents"]
        assert [(v["purpose"], v["live"]) for v in views] == [(p.value, False) for p in Purpose]


class TestMyReceipt:
    def test_is_a_file_that_proves_itself(self, client: TestClient, jane: NewDevice, john: NewDevice) -> None:
        client.put("/v1/consents/location", json={"granted": True}, headers=_bearer(jane))
        answer = client.get("/v1/consents/location/receipt", headers=_bearer(jane))
        assert answer.headers["content-disposition"] == 'attachment; filename="consent-location.json"'
        assert answer.headers["cache-control"] == "no-store"
        assert hash_of(canonical(answer.json()["record"])) == answer.json()["hash"]
        assert answer.json()["record"]["pii_principal_id"] == jane.shopper_id
        assert client.get("/v1/consents/location/receipt", headers=_bearer(john)).status_code == 404
        assert client.get("/v1/consents/analytics/receipt", headers=_bearer(jane)).status_code == 404


class TestPutPermission:
    def test_never_shows_in_the_switch(self, client: TestClient, jane: NewDevice) -> None:
        client.put("/v1/consents/location", json={"granted": True}, headers=_bearer(jane))
        answer = client.put("/v1/me/location-permission", json={"access": "never"}, headers=_bearer(jane))
        assert (answer.status_code, answer.json()) == (200, {"access": "never", "precise": None, "changed": True})
        assert client.get("/v1/consents", headers=_bearer(jane)).json()["consents"][0]["why_not"] == "os_permission_never"
        assert client.put("/v1/me/location-permission", json={"access": "sometimes"}, headers=_bearer(jane)).json()["errors"][0]["field"] == "access"


class TestPutAge:
    def test_a_minor_is_told_why_a_switch_stays_off(self, client: TestClient, jane: NewDevice) -> None:
        assert client.put("/v1/me/age", json={"birth_year": 1980}, headers=_bearer(jane)).json() == {"minor": False}
        assert client.put("/v1/me/age", json={"birth_year": 2012}, headers=_bearer(jane)).json() == {"minor": True}
        refused = client.put("/v1/consents/location", json={"granted": True}, headers=_bearer(jane))
        assert (refused.status_code, refused.json()["detail"]) == (409, "You told us that you are under age, so this stays off.")
        assert client.put("/v1/consents/analytics", json={"granted": True}, headers=_bearer(jane)).status_code == 200

    def test_bad_input_names_the_field(self, client: TestClient, jane: NewDevice) -> None:
        for body in ({"birth_year": 1800}, {"birth_year": "x"}, {}):
            answer = client.put("/v1/me/age", json=body, headers=_bearer(jane))
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "birth_year")


class TestExportMe:
    def test_is_a_file_about_the_caller_alone(self, client: TestClient, jane: NewDevice, john: NewDevice) -> None:
        client.put("/v1/consents/analytics", json={"granted": True}, headers=_bearer(jane))
        answer = client.get("/v1/me/export", headers=_bearer(jane))
        assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
        assert answer.json()["holders"]["privacy.consents"]["records"][0]["purpose"] == "analytics"
        assert john.shopper_id not in answer.text
        assert jane.token not in answer.text


class TestEraseMe:
    def test_afterwards_the_device_is_unknown(self, client: TestClient, jane: NewDevice, john: NewDevice) -> None:
        receipt = client.post("/v1/me/erase", headers=_bearer(jane))
        assert (receipt.status_code, receipt.json()["already"], receipt.json()["erased"]["security.people"]) == (200, False, 2)
        assert client.get("/v1/me", headers=_bearer(jane)).status_code == 401
        assert client.get("/v1/me", headers=_bearer(john)).status_code == 200

"""The routes of tills: public keys, a bundle for the time without a network, the journal afterwards, what a person must look at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.security.access import Role
from offers.contracts import CouponView
from offers.tills.journal import entry_hash
from tests.offers import test_endpoints as http
from tests.offers.test_endpoints import Headers, staff

client, jane, coupon = http.client, http.jane, http.coupon


class TestTillOffline:
    def send(self, client: TestClient, clerk: Headers, path: str, body: object) -> Any:
        return client.post(f"/v1/till/{path}", json=body, headers=clerk)

    def test_bundle_journal_findings(self, client: TestClient, database: Database, coupon: CouponView) -> None:
        clerk = staff(database, Role.CLERK, "plc_kluuvi")
        answer = self.send(client, clerk, "bundle", {})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        till = json.loads(answer.json()["bundle"])
        assert (till["place_id"], till["cap"], till["undo_s"]) == ("plc_kluuvi", 20, 60)
        at = "2026-11-21T12:00:00.000Z"
        entry = {"seq": 1, "kind": "redeem", "text": coupon.code, "at": at, "hash": entry_hash(till["hash"], 1, "redeem", at, coupon.code)}
        sent = {"till_id": till["till_id"], "entries": [entry]}
        answer = self.send(client, clerk, "journal", sent)
        [found] = answer.json()["outcomes"]
        assert (found["outcome"], found["reason"]) == ("refused", "signed_code_malformed")
        assert coupon.code not in answer.text
        assert client.get("/v1/till/findings", headers=clerk).json()["findings"] == [found]
        other = staff(database, Role.CLERK, "plc_kamppi", name="Robin")
        assert client.get("/v1/till/findings", headers=other).json()["findings"] == []
        refused = self.send(client, other, "journal", sent)
        assert (refused.status_code, refused.json()["code"]) == (404, "no_such_till")
        broken = self.send(client, clerk, "journal", {**sent, "entries": [{**entry, "seq": 3}]})
        assert (broken.status_code, broken.json()["code"], broken.json()["expected_seq"]) == (409, "journal_broken", 2)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"at": "2026-02-30T12:00:00.000Z"}, "entries[0].at"),
            ({"at": "yesterday"}, "entries[0].at"),
            ({"hash": "x"}, "entries[0].hash"),
            ({"seq": 0}, "entries[0].seq"),
            ({"kind": "steal"}, "entries[0].kind"),
            ({"text": "x" * 701}, "entries[0].text"),
            ({"more": 1}, "entries[0].more"),
        ],
    )
    def test_bad_entries_are_named(self, client: TestClient, database: Database, change: dict[str, Any], field: str) -> None:
        entry = {"seq": 1, "kind": "redeem", "text": "x", "at": "2026-11-21T12:00:00.000Z", "hash": "0" * 64} | change
        answer = self.send(client, staff(database, Role.CLERK, "plc_kluuvi"), "journal", {"till_id": "till_1", "entries": [entry]})
        assert answer.status_code == 422
        assert [e["field"] for e in answer.json()["errors"]] == [field]


class TestTillKeys:
    def test_public_halves_of_three_weeks(self, client: TestClient, database: Database) -> None:
        keys = client.get("/v1/till/keys", headers=staff(database, Role.CLERK, "plc_kluuvi")).json()["keys"]
        assert [(k["kty"], k["crv"], len(k["x"])) for k in keys] == [("OKP", "Ed25519", 43)] * 3
        assert "d" not in keys[0]
        assert keys[0]["good_until"] == keys[1]["signs_until"] == keys[2]["signs_from"]

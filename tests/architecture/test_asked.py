"""Every route that does what the rules are about asks them, and holds to the answer.

The rules are replaced by one that forbids everything; whoever is then still served was never asked. Seen to fail with the call left out of the
export.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import House
from app.security import enforcing, people
from app.security.access import Role
from app.security.policies.contracts import Action, Context, PolicyDecision
from app.security.policies.engine import Engine, role_of, rules_text
from app.security.principals import Principal
from tests.architecture.belongings import Belongings
from tests.conftest import START

NOTHING = Engine('@id("nothing") @reason("too_often") forbid (principal, action, resource);', rules_text()[1])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Action]:
    """The actions that were asked about, while everything is forbidden."""
    seen: list[Action] = []

    def decide(action: Action, principal: Principal, context: Context) -> PolicyDecision:
        seen.append(action)
        return NOTHING.decide(action, role_of(principal), context)

    monkeypatch.setattr(enforcing, "decide", decide)
    return seen


def _staff(house: House, role: Role) -> dict[str, str]:
    with house.database.transaction() as session:
        person_id = people.staff(session, role, role.value, at=START, place_ids=("plc_kluuvi",) if role is Role.CLERK else ())
        return {"Authorization": f"Bearer {people.open_session(session, role, at=START, ttl_s=86_400, person_id=person_id).token}"}


def _refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


class TestAsked:
    def test_what_a_shopper_does(self, client: TestClient, owned: Callable[[], Belongings], asked: list[Action]) -> None:
        jane = owned()
        h = jane.headers
        answers = {
            Action.SEE_OFFER: client.get(f"/v1/coupons/{jane.coupon.id}/live", headers=h),
            Action.EXPORT: client.get("/v1/me/export", headers=h),
            Action.ERASE: client.post("/v1/me/erase", headers=h),
            Action.CHANGE_PASSWORD: client.post("/v1/account", headers=h, json={"email": "jane@example.org", "password": "four words are good"}),
        }
        assert {action: _refused(answer) for action, answer in answers.items()} == dict.fromkeys(answers, (403, "policy_refused"))
        assert asked == [Action.SEE_OFFER, Action.SEE_OFFER, *(a for a in answers if a is not Action.SEE_OFFER)]
        assert client.get("/v1/me", headers=h).json()["email"] is None  # refused, and nothing done

    def test_what_a_clerk_does(self, house: House, client: TestClient, owned: Callable[[], Belongings], asked: list[Action]) -> None:
        code, clerk = owned().coupon.code, _staff(house, Role.CLERK)
        assert _refused(client.post("/v1/till/redemptions", headers=clerk, json={"code": code})) == (403, "policy_refused")
        page = client.post("/till/redeem", headers=clerk | {"HX-Request": "true"}, data={"code": code, "place_id": "plc_kluuvi"})
        assert "Not allowed now" in page.text
        assert set(asked) == {Action.REDEEM}

    def test_what_an_operator_does(self, house: House, client: TestClient, asked: list[Action]) -> None:
        olga = _staff(house, Role.OPERATOR)
        assert _refused(client.post("/v1/api-keys", headers=olga, json={"name": "x", "scopes": ["metrics"]})) == (403, "policy_refused")
        assert _refused(client.delete("/v1/api-keys/key_none", headers=olga)) == (403, "policy_refused")
        assert client.get("/v1/api-keys", headers=olga).json() == {"api_keys": []}
        assert asked == [Action.ISSUE_KEY, Action.REVOKE_KEY]

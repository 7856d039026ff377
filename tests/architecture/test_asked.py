"""Every route that does what the rules are about asks them, and holds to the answer.

The rules are replaced by one that forbids everything; whoever is then still served was never asked. Seen to fail with the call left out of the
export, of checkout, of the till, of campaigns and of /m/me/delete, on the JSON route and on the page in turn; and on new routes that stood
in neither table of what_is_asked.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.bootstrap import House
from app.security import enforcing, people
from app.security.access import Role, declared_routes
from app.security.contacts import repository as contacts
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.values import ContactKind
from app.security.policies.contracts import Action, Context, PolicyDecision
from app.security.policies.engine import Engine, role_of, rules_text
from app.security.principals import Principal
from app.web.console.campaign_texts import texts_of
from offers import campaign_endpoints, schemas
from offers import facade as offers
from storefront import facade as storefront
from storefront.catalog.models import ProductRow
from tests.architecture.belongings import ADDRESS, ADDRESS_FORM, Belongings
from tests.architecture.what_is_asked import ASKED, NOT_ASKED
from tests.conftest import START
from tests.offers.builders import document
from tests.storefront.memberships.house import PLANS

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


SAFE = ("GET", "HEAD", "OPTIONS")
CODE = "123456"
HTMX = {"HX-Request": "true"}
SUBSCRIPTION = {"endpoint": "https://push.example.com/b1", "keys": {"p256dh": "p" * 87, "auth": "a" * 22}}


@dataclass(frozen=True)
class Scene:
    """Everything stands ready for each act of `ASKED`: without the rules it would be done."""

    client: TestClient
    jane: Belongings
    clerk: dict[str, str]
    marketer: dict[str, str]
    operator: dict[str, str]
    redemption_id: str
    in_review: str
    approved: str
    live: str

    def call(self, method: str, path: str, headers: dict[str, str], **given: Any) -> Any:
        return self.client.request(method, path, headers=headers, **given)


@pytest.fixture
def scene(house: House, client: TestClient, owned: Callable[[], Belongings], monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Made while the real rules stand."""
    monkeypatch.setattr(house, "contact_gateway", MemoryContactGateway())
    jane, used = owned(), owned()
    clerk = _staff(house, Role.CLERK)
    redeemed = client.post("/v1/till/redemptions", headers=clerk, json={"code": used.coupon.code}).json()
    with house.database.transaction() as session:
        contacts.put(session, jane.shopper_id, ContactKind.EMAIL, "jane@example.org", START)
        contacts.put_code(session, jane.shopper_id, ContactKind.EMAIL, "new@example.org", CODE, tries=5, expires_at=START + timedelta(minutes=9))
        if session.get(ProductRow, "p") is None:
            bonbon = {"name": "Bonbon", "description": "", "category": "bonbon", "image": "", "price_minor": 450, "currency": "EUR"}
            session.add(ProductRow(id="p", stock_units=1_000, changed_at=START, **bonbon))
        made = [offers.draft_campaign(session, document(), by="psn_author", at=START) for _ in range(3)]
        for campaign_id in made[:2]:
            offers.submit_campaign(session, campaign_id, by="psn_author", at=START)
        offers.approve_campaign(session, made[1], version=1, by="psn_other", at=START)
        offers.activate_campaign(session, made[2], at=START)
        if not storefront.membership_plans(session):
            storefront.apply_memberships(session, PLANS, by="maria", at=START)
    staff = (_staff(house, Role.MARKETER), _staff(house, Role.OPERATOR))
    return Scene(client, jane, clerk, *staff, redeemed["redemption_id"], *made)


def _total(scene: Scene) -> str:
    """What the page she pays on would have shown."""
    return str(scene.call("POST", "/v1/cart/quote", scene.jane.headers, json={}).json()["total_minor"])


CALLS: dict[str, Callable[[Scene], Any]] = {
    "POST /v1/account": lambda s: s.call("POST", "/v1/account", s.jane.headers, json={"email": "x@example.org", "password": "four words are good"}),
    "POST /v1/memberships": lambda s: s.call("POST", "/v1/memberships", s.jane.headers, json={"plan_id": "gold", "currency": "EUR", "expected_amount_minor": 990}),
    "POST /v1/membership/confirm": lambda s: s.call("POST", "/v1/membership/confirm", s.jane.headers, json={"payment_method": "pm_card_visa"}),
    "POST /v1/membership/card": lambda s: s.call("POST", "/v1/membership/card", s.jane.headers, json={"payment_method": "pm_card_visa"}),
    "POST /v1/membership/change": lambda s: s.call("POST", "/v1/membership/change", s.jane.headers, json={"plan_id": "gold", "expected_due_minor": 1, "priced_at": START.isoformat()}),
    "POST /m/membership/join": lambda s: s.call("POST", "/m/membership/join", s.jane.headers, data={"plan_id": "gold", "currency": "EUR", "amount_minor": "990", "payment_method": "pm_card_visa"}),
    "POST /m/membership/card": lambda s: s.call("POST", "/m/membership/card", s.jane.headers, data={"payment_method": "pm_card_visa"}),
    "POST /m/membership/change": lambda s: s.call("POST", "/m/membership/change", s.jane.headers, data={"plan_id": "gold", "due_minor": "1", "priced_at": START.isoformat()}),
    "POST /v1/api-keys": lambda s: s.call("POST", "/v1/api-keys", s.operator, json={"name": "x", "scopes": ["metrics"]}),
    "DELETE /v1/api-keys/{key_id}": lambda s: s.call("DELETE", "/v1/api-keys/key_none", s.operator),
    "POST /v1/me/erase": lambda s: s.call("POST", "/v1/me/erase", s.jane.headers),
    "POST /m/me/delete": lambda s: s.call("POST", "/m/me/delete", s.jane.headers),
    "POST /v1/contacts": lambda s: s.call("POST", "/v1/contacts", s.jane.headers, json={"kind": "email", "value": "other@example.org"}),
    "POST /v1/contacts/{kind}/code": lambda s: s.call("POST", "/v1/contacts/email/code", s.jane.headers, json={"code": CODE}),
    "DELETE /v1/contacts/{kind}": lambda s: s.call("DELETE", "/v1/contacts/email", s.jane.headers),
    "PUT /v1/familiar-word": lambda s: s.call("PUT", "/v1/familiar-word", s.jane.headers, json={"word": "Merry owl"}),
    "POST /m/contacts": lambda s: s.call("POST", "/m/contacts", s.jane.headers, data={"value": "other@example.org"}),
    "POST /m/contacts/{kind}/code": lambda s: s.call("POST", "/m/contacts/email/code", s.jane.headers, data={"code": CODE}),
    "POST /m/contacts/{kind}/remove": lambda s: s.call("POST", "/m/contacts/email/remove", s.jane.headers),
    "POST /m/contacts/word": lambda s: s.call("POST", "/m/contacts/word", s.jane.headers, data={"word": "Merry owl"}),
    "POST /v1/me/addresses": lambda s: s.call("POST", "/v1/me/addresses", s.jane.headers, json=ADDRESS),
    "PUT /v1/me/addresses/{address_id}": lambda s: s.call("PUT", f"/v1/me/addresses/{s.jane.address_id}", s.jane.headers, json=ADDRESS),
    "DELETE /v1/me/addresses/{address_id}": lambda s: s.call("DELETE", f"/v1/me/addresses/{s.jane.address_id}", s.jane.headers),
    "POST /m/addresses": lambda s: s.call("POST", "/m/addresses", s.jane.headers, data=ADDRESS_FORM),
    "POST /m/addresses/{address_id}": lambda s: s.call("POST", f"/m/addresses/{s.jane.address_id}", s.jane.headers, data=ADDRESS_FORM),
    "POST /m/addresses/{address_id}/remove": lambda s: s.call("POST", f"/m/addresses/{s.jane.address_id}/remove", s.jane.headers),
    "PATCH /v1/campaigns/{campaign_id}": lambda s: s.call("PATCH", f"/v1/campaigns/{s.live}", s.marketer, json={"budget_minor": 10**9}),
    "POST /v1/campaigns/{campaign_id}/approve": lambda s: s.call("POST", f"/v1/campaigns/{s.in_review}/approve", s.marketer, json={"version": 1}),
    "POST /v1/campaigns/{campaign_id}/activate": lambda s: s.call("POST", f"/v1/campaigns/{s.approved}/activate", s.marketer),
    "POST /console/campaigns/{campaign_id}/approve": lambda s: s.call("POST", f"/console/campaigns/{s.in_review}/approve", s.marketer, data={"version": "1"}),
    "POST /console/campaigns/{campaign_id}/activate": lambda s: s.call("POST", f"/console/campaigns/{s.approved}/activate", s.marketer),
    "POST /console/campaigns/{campaign_id}/edit": lambda s: s.call("POST", f"/console/campaigns/{s.live}/edit", s.marketer, data=texts_of(schemas.document_of(schemas.checked(document(title="Dearer")))) | {"version": "1"}),
    "POST /console/campaigns/{campaign_id}/audience": lambda s: s.call("POST", f"/console/campaigns/{s.live}/audience", s.marketer, data={"version": "1", "fact0": "visits", "at_least0": "1"}),
    "POST /console/webhooks": lambda s: s.call("POST", "/console/webhooks", s.operator, data={"url": "https://example.com/hooks"}),
    "POST /console/webhooks/{endpoint_id}/rotate": lambda s: s.call("POST", "/console/webhooks/whe_none/rotate", s.operator),
    "POST /console/webhooks/{endpoint_id}/remove": lambda s: s.call("POST", "/console/webhooks/whe_none/remove", s.operator),
    "POST /v1/till/redemptions": lambda s: s.call("POST", "/v1/till/redemptions", s.clerk, json={"code": s.jane.coupon.code}),
    "POST /v1/till/redemptions/{redemption_id}/undo": lambda s: s.call("POST", f"/v1/till/redemptions/{s.redemption_id}/undo", s.clerk),
    "POST /till/redeem": lambda s: s.call("POST", "/till/redeem", s.clerk | HTMX, data={"code": s.jane.coupon.code, "place_id": "plc_kluuvi"}),
    "POST /till/redemptions/{redemption_id}/undo": lambda s: s.call("POST", f"/till/redemptions/{s.redemption_id}/undo", s.clerk | HTMX),
    "POST /v1/checkout": lambda s: s.call("POST", "/v1/checkout", s.jane.headers, json={"payment_method": "pm_card_visa"}),
    "POST /m/pay": lambda s: s.call("POST", "/m/pay", s.jane.headers, data={"payment_method": "pm_card_visa", "expected_total_minor": _total(s)}),
    "POST /v1/devices/me/push-token": lambda s: s.call("POST", "/v1/devices/me/push-token", s.jane.headers, json={"token": "a-token-of-a-phone"}),
    "POST /v1/devices/me/web-push": lambda s: s.call("POST", "/v1/devices/me/web-push", s.jane.headers, json=SUBSCRIPTION),
    "GET /v1/me/export": lambda s: s.call("GET", "/v1/me/export", s.jane.headers),
    "GET /v1/coupons/{coupon_id}/live": lambda s: s.call("GET", f"/v1/coupons/{s.jane.coupon.id}/live", s.jane.headers),
}


class TestEveryRoute:
    def test_each_that_changes_something_says_what_it_asks_or_why_it_need_not(self, app: FastAPI) -> None:
        unsafe = {f"{r.method} {r.path}" for r in declared_routes(app) if r.method not in SAFE}
        told = {route for route in ASKED if not route.startswith("GET ")} | set(NOT_ASKED)
        assert (unsafe - told, told - unsafe, set(ASKED) & set(NOT_ASKED)) == (set(), set(), set())

    def test_there_is_a_call_for_each_that_asks(self) -> None:
        assert set(CALLS) == set(ASKED)

    @pytest.mark.parametrize("route", ASKED)
    def test_it_asks_and_holds_to_the_answer(
        self, request: pytest.FixtureRequest, house: House, scene: Scene, monkeypatch: pytest.MonkeyPatch, route: str
    ) -> None:
        if route.startswith("PATCH") or route.endswith(("/edit", "/audience")):  # with four eyes what is live is not changed at all
            alone = house.settings.offers.model_copy(update={"four_eyes": False})
            monkeypatch.setattr(campaign_endpoints, "settings_of", lambda _call: alone)
            monkeypatch.setattr(house, "settings", house.settings.model_copy(update={"offers": alone}))
        if ASKED[route][0] is Action.RESERVE:
            _total(scene)
        asked: list[Action] = request.getfixturevalue("asked")
        answer = CALLS[route](scene)
        assert answer.status_code == 403 or "Not allowed now" in answer.text, f"{answer.status_code}: {answer.text[:300]}"
        assert set(asked) == {ASKED[route][0]}

    @pytest.mark.parametrize("route", [route for route, actions in ASKED.items() if len(actions) > 1])
    def test_it_asks_all_of_it(self, scene: Scene, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
        """Allowed the first, it is asked about the next."""
        seen: list[Action] = []
        really = enforcing.decide

        def decide(action: Action, principal: Principal, context: Context) -> PolicyDecision:
            seen.append(action)
            return really(action, principal, context) if action is not ASKED[route][-1] else NOTHING.decide(action, role_of(principal), context)

        monkeypatch.setattr(enforcing, "decide", decide)
        assert CALLS[route](scene).status_code == 403
        assert [action for action in ASKED[route] if action in seen] == list(ASKED[route])

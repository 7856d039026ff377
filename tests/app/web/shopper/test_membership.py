"""The phone's page of memberships: joining, her bank, what it costs to change, resting and leaving, in the words she reads."""

from __future__ import annotations

import re

import pytest

from app.security.principals import Role
from storefront import facade as storefront
from tests.app.web.conftest import Browser, Town
from tests.storefront.memberships.house import PLANS

CARD = {"payment_method": "pm_card_visa"}


@pytest.fixture
def jane(town: Town) -> Browser:
    with town.house.database.transaction() as session:
        if not storefront.membership_plans(session):
            storefront.apply_memberships(session, PLANS, by="maria", at=town.house.database.clock.now())
    return town.browser(Role.SHOPPER)


def page(jane: Browser, query: str = "") -> str:
    answer = jane.get(f"/m/membership{query}")
    assert answer.status_code == 200
    return answer.text


def send(jane: Browser, what: str, form: dict[str, str]) -> str:
    """The page she sees then."""
    answer = jane.post(f"/m/membership/{what}", form)
    return page(jane) if answer.status_code == 303 else answer.text


def stands(text: str) -> str:
    found = re.search(r'data-membership="(\w+)"', text)
    return found.group(1) if found else ""


def join(jane: Browser, plan_id: str = "gold", amount_minor: int = 990, **more: str) -> str:
    return send(jane, "join", {"plan_id": plan_id, "currency": "EUR", "amount_minor": str(amount_minor), **CARD, **more})


class TestPage:
    def test_three_taps_to_a_trial_and_one_to_leave(self, jane: Browser) -> None:
        assert re.findall(r'data-plan="(\w+)"', page(jane)) == ["silver", "gold", "year"]
        wanted = page(jane, "?plan=gold")
        assert "<strong>Free for 14 days</strong>, then €9.90 a month until you end it, in one tap." in wanted
        assert stands(join(jane)) == "trialing"
        left = send(jane, "act", {"act": "leave"})
        assert "It ends on " in left
        assert "It ends on " not in send(jane, "act", {"act": "stay"})

    def test_what_a_change_costs_is_said_before_and_charged(self, jane: Browser) -> None:
        assert stands(join(jane, "silver", 490)) == "active"
        told = page(jane, "?change=gold")
        assert "<strong>€5.00 now</strong>" in told
        fields = dict(re.findall(r'name="(plan_id|due_minor|priced_at)" value="([^"]+)"', told))
        changed = send(jane, "change", fields)
        assert "<h1>Gold</h1>" in changed
        assert sorted(re.findall(r'<span class="numeric">(€\d\.\d\d)</span></li>', changed)) == ["€4.90", "€5.00"]

    def test_it_rests_and_goes_on(self, jane: Browser) -> None:
        join(jane, "silver", 490)
        assert "It rests: nothing is charged" in send(jane, "act", {"act": "pause"})
        assert stands(send(jane, "act", {"act": "resume"})) == "active"

    def test_her_bank_and_a_declined_card(self, jane: Browser) -> None:
        assert "There is not enough money on this card." in join(jane, payment_method="pm_card_chargeDeclinedInsufficientFunds")
        asked = send(jane, "card", {"payment_method": "pm_card_authenticationRequired"})
        assert "Your bank asks whether it is you" in asked
        assert "data-bank" in asked
        assert stands(page(jane)) == "starting"
        assert "/m/membership?look=1" in jane.get("/m/membership/back").text
        assert stands(page(jane, "?look=1")) == "starting"
        assert stands(send(jane, "card", CARD)) == "trialing"

    def test_what_cannot_be_is_said_and_nothing_done(self, jane: Browser) -> None:
        assert "It costs something else than you were shown" in join(jane, "silver", 1)
        assert "There is no such membership to join" in join(jane, "platinum", 990)
        assert jane.post("/m/membership/act", {"act": "fly"}).status_code == 422
        assert jane.post("/m/membership/act", {"act": "pause"}).status_code == 404
        assert stands(page(jane)) == ""

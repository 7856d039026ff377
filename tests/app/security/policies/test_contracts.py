from __future__ import annotations

import pytest

from app.security.policies.contracts import Acr, Action, Context, Presence, ValueLimits, VisitLevel, inputs_hash


class TestKnown:
    def test_what_nobody_knows_is_absent(self) -> None:
        assert Context().known() == {}

    def test_facts_by_the_names_of_the_rules(self) -> None:
        context = Context(visit_level=VisitLevel.CLAIMED, presence=Presence.TILL, amount_minor=0, limits=ValueLimits(1, 2), live_code=False, has_passkey=True, acr=Acr.PASSKEY, auth_age_s=7)
        assert context.known() == {
            "visit_level": "claimed",
            "presence": "till",
            "amount_minor": 0,
            "small_minor": 1,
            "high_minor": 2,
            "live_code": False,
            "has_passkey": True,
            "passkey_age_s": 7,
            "confirmed_age_s": 7,
        }


class TestConfirmedAge:
    @pytest.mark.parametrize(
        ("acr", "has_passkey", "confirmed", "by_passkey"),
        [
            (Acr.PASSKEY, True, 9, 9),
            (Acr.PASSKEY, None, 9, 9),
            (Acr.PASSWORD, False, 9, None),
            (Acr.PASSWORD, True, None, None),
            (Acr.PASSWORD, None, None, None),
            (Acr.LINK, False, 9, None),
            (Acr.LINK, True, None, None),
            (Acr.LIVE_CODE, False, None, None),
            (None, False, None, None),
        ],
    )
    def test_with_the_best_she_has(self, acr: Acr | None, has_passkey: bool | None, confirmed: int | None, by_passkey: int | None) -> None:
        context = Context(acr=acr, auth_age_s=9, has_passkey=has_passkey)
        assert (context.confirmed_age_s, context.passkey_age_s) == (confirmed, by_passkey)


class TestInputsHash:
    def test_is_that_of_the_question(self) -> None:
        asked = inputs_hash(Action.PAY, "shopper", {"amount_minor": 5, "hour": 3})
        assert asked == inputs_hash(Action.PAY, "shopper", {"hour": 3, "amount_minor": 5})
        assert asked == "7a79f9eb311442f0b52d134d5c2c044672bb753e8987c5a67e065ac3a933a4d6"

    @pytest.mark.parametrize(
        "other",
        [(Action.RESERVE, "shopper", {"hour": 3}), (Action.PAY, "clerk", {"hour": 3}), (Action.PAY, "shopper", {"hour": 4}), (Action.PAY, "shopper", {})],
    )
    def test_changes_with_every_part_of_it(self, other: tuple[Action, str, dict[str, int]]) -> None:
        assert inputs_hash(*other) != inputs_hash(Action.PAY, "shopper", {"hour": 3})

"""The table is what we promise; the rules in Cedar and a second reading in Python both answer it, and each other.

`make test` tries a sample of the mutants and of random requests; the long form (`-m full`) all of them.
"""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.security.policies import cases
from app.security.policies.cases import Case
from app.security.policies.contracts import (
    Acr,
    Action,
    Context,
    Outcome,
    Presence,
    SimSwap,
    Standing,
    TrustVerdict,
    ValueLimits,
    VisitLevel,
)
from app.security.policies.engine import RULES, engine, rules_text
from tests.app.security.policies.mutants import Mutant, engine_of, mutants
from tests.app.security.policies.oracle import MAY, answer

SPECIFICATION = RULES.parent / "specification"
TABLE: list[Case] = cases.read_table((SPECIFICATION / "table.csv").read_text(encoding="utf-8"))
SAMPLE_EVERY = 103


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), values, values, values)


def near(*edges: int) -> st.SearchStrategy[int]:
    """Numbers around the edges of the rules, where they differ."""
    return st.sampled_from(sorted({max(0, e + d) for e in edges for d in (-1, 0, 1)} | {0}))


CONTEXTS = st.builds(
    Context,
    visit_level=maybe(st.sampled_from(VisitLevel)),
    trust_verdict=maybe(st.sampled_from(TrustVerdict)),
    presence=maybe(st.sampled_from(Presence)),
    device_standing=st.sampled_from([None, None, *Standing]),
    amount_minor=maybe(near(2_500, 20_000)),
    limits=st.sampled_from([ValueLimits(2_500, 20_000), ValueLimits(2_500, 20_000), ValueLimits(0, 0), None]),
    hour=maybe(st.integers(0, 23)),
    velocity_1h=maybe(near(10, 20, 60, 100)),
    contact_changed_s=st.one_of(st.none(), st.none(), near(43_200)),
    contact_added_s=st.one_of(st.none(), st.none(), near(43_200)),
    unknown_code_s=st.one_of(st.none(), st.none(), near(86_400)),
    sim_swap=st.one_of(st.none(), st.sampled_from(SimSwap)),
    acr=maybe(st.sampled_from(Acr)),
    auth_age_s=maybe(near(300, 900, 3_600)),
    has_passkey=maybe(st.booleans()),
    has_password=maybe(st.booleans()),
    key_shown=st.sampled_from([None, None, True, False]),
    live_code=maybe(st.booleans()),
    same_author=maybe(st.booleans()),
)


ASKED = [(a, r) for r, may in MAY.items() for a in sorted(may)] + [(Action.RESERVE, "shopper")] * 12 + [(Action.REDEEM, "clerk")] * 6 + [(Action.PAY, "shopper")] * 6
"""Who asks for what, mostly what is hers to ask: questions that end at the role try nothing. Those are in the table, all of them."""


class TestTable:
    def test_is_what_the_matrix_says(self) -> None:
        document = yaml.safe_load((SPECIFICATION / "matrix.yaml").read_text(encoding="utf-8"))
        assert cases.write_table(cases.expand(document)) == (SPECIFICATION / "table.csv").read_text(encoding="utf-8")

    def test_is_large_enough_and_knows_every_action_role_and_rule(self) -> None:
        assert len(TABLE) >= 500
        assert {(c.action, c.role) for c in TABLE} == {(a, r) for a in Action for r in MAY if a is not Action.BROWSE} | {(Action.BROWSE, r) for r in MAY}
        named = {name for c in TABLE for name in engine().decide(c.action, c.role, cases.context_of(c.facts)).policy_ids}
        assert {rule.id for rule in engine().rules.values()} - named == set()

    def test_the_rules_answer_it(self) -> None:
        assert [w.text for w in cases.wrong_of(TABLE, engine().decide)] == []

    def test_so_does_a_second_reading(self) -> None:
        wrong = [c for c in TABLE if answer(c.action, c.role, cases.context_of(c.facts)) != (c.outcome, c.step_up, c.reasons)]
        assert wrong == []


class TestTwoReadings:
    """Seen to fail on each of: a max age of 901 for 900, and the rule of the spoofed position left out. What differs on one exact number alone
    is the table's to find (TestMutants), or the long form's."""

    @settings(max_examples=400)
    @given(st.sampled_from(ASKED), CONTEXTS)
    def test_agree(self, asked: tuple[Action, str], context: Context) -> None:
        _agree(*asked, context)

    @pytest.mark.full
    @settings(max_examples=100_000)
    @given(st.sampled_from(ASKED), CONTEXTS)
    def test_agree_at_length(self, asked: tuple[Action, str], context: Context) -> None:
        _agree(*asked, context)


def _agree(action: Action, role: str, context: Context) -> None:
    found = engine().decide(action, role, context)
    assert (found.outcome, found.step_up, frozenset(found.reasons)) == answer(action, role, context)


class TestLocation:
    @settings(max_examples=300)
    @given(st.sampled_from([a for a in ASKED if a[0] is not Action.BROWSE]), CONTEXTS, CONTEXTS)
    def test_never_refuses(self, asked: tuple[Action, str], context: Context, elsewhere: Context) -> None:
        """Whatever is said of where she is: what was not refused with one answer to that is not refused with another.

        Seen to fail with @step_up taken from the rule of the spoofed position.
        """
        from dataclasses import replace

        moved = replace(context, visit_level=elsewhere.visit_level, trust_verdict=elsewhere.trust_verdict, presence=elsewhere.presence)
        one, other = (engine().decide(*asked, c).outcome is Outcome.DENY for c in (context, moved))
        assert one == other

    def test_a_bare_fix_or_a_static_beacon_never_gives_more_than_little_by_itself(self) -> None:
        limits = ValueLimits(2_500, 20_000)
        for presence in (None, Presence.BARE_FIX, Presence.STATIC_BEACON):
            for level in (None, VisitLevel.CLAIMED):
                context = Context(presence=presence, visit_level=level, amount_minor=2_501, limits=limits, trust_verdict=TrustVerdict.GENUINE)
                assert engine().decide(Action.RESERVE, "shopper", context).outcome is Outcome.STEP_UP


class TestProof:
    @settings(max_examples=300)
    @given(st.sampled_from(ASKED), CONTEXTS)
    def test_what_is_asked_for_opens(self, asked: tuple[Action, str], context: Context) -> None:
        """Nobody is asked for a proof in vain."""
        from dataclasses import replace

        found = engine().decide(*asked, context)
        if found.step_up is None:
            return
        if found.step_up.acr is Acr.LIVE_CODE:
            proved = replace(context, live_code=True)
        else:
            proved = replace(context, acr=found.step_up.acr, auth_age_s=found.step_up.max_age_s, has_passkey=found.step_up.acr is Acr.PASSKEY)
        assert engine().decide(*asked, proved).allowed


class TestMutants:
    def test_a_sample_is_noticed(self) -> None:
        survivors, counted, _ = _survivors(SAMPLE_EVERY)
        assert counted >= 5
        assert survivors == []

    @pytest.mark.full
    @pytest.mark.timeout(3_600)
    def test_at_least_95_in_100_are_noticed(self) -> None:
        survivors, counted, refused = _survivors(1)
        print(f"\n{counted - len(survivors)} of {counted} mutants noticed by the table; {refused} more would not start")
        print("\n".join(f"  lives: {m.policy}: {m.change}" for m in survivors))
        assert len(survivors) <= counted * 0.05


def _survivors(every: int) -> tuple[list[Mutant], int, int]:
    """(mutants the table does not notice, how many were tried, how many would not start)."""
    text, schema = rules_text()
    survivors: list[Mutant] = []
    counted = refused = 0
    for mutant in list(mutants(text))[::every]:
        changed = engine_of(mutant, schema)
        if changed is None:
            refused += 1
            continue
        counted += 1
        concerned = (c for c in TABLE if mutant.actions is None or c.action in mutant.actions)
        if next(iter(cases.wrong_of(concerned, changed.decide)), None) is None:
            survivors.append(mutant)
    return survivors, counted, refused

from __future__ import annotations

import json
from pathlib import Path

from tests.app.cli.conftest import Moments

MATRIX = """
blocks:
  - {about: anybody looks, action: [browse], role: [anyone, clerk], expect: allow}
  - {about: nobody exports, action: [export], role: [anyone], expect: deny not_permitted}
"""


class TestCheck:
    def test_lists_the_rules(self, moments: Moments) -> None:
        ran = moments("policy", "check", "--json")
        found = {r["id"]: r for r in json.loads(ran.out)}
        assert ran.code == 0
        assert found["place_is_proven"] == {"id": "place_is_proven", "effect": "forbid", "reason": "place_uncertain", "asks_for": "confirm", "max_age_s": 900}
        assert "everybody_looks_around" in moments("policy", "check").out


class TestTest:
    def test_the_specification_of_the_house(self, moments: Moments) -> None:
        ran = moments("policy", "test")
        assert (ran.code, ran.out.strip().endswith("cases, 0 answered otherwise")) == (0, True)

    def test_a_file_of_ones_own(self, moments: Moments, tmp_path: Path) -> None:
        matrix = tmp_path / "mine.yaml"
        matrix.write_text(MATRIX)
        assert moments("policy", "test", str(matrix)).out == "3 cases, 0 answered otherwise\n"
        table = tmp_path / "mine.csv"
        table.write_text(moments("policy", "expand", str(matrix)).out.replace("anyone,-", "shopper,-", 1).replace("allow", "deny", 1).replace("deny,,,", "deny,,,not_permitted", 1))
        ran = moments("policy", "test", str(table))
        assert (ran.code, ran.out.splitlines()[-1]) == (1, "3 cases, 1 answered otherwise")
        assert "shopper browse (nothing known): wanted deny not_permitted, got allow" in ran.out

    def test_bad_files_name_the_place_and_the_remedy(self, moments: Moments, tmp_path: Path) -> None:
        for name, text, told in (
            ("a.yaml", "blocks: [", "is not YAML"),
            ("a.yaml", "x: 1", "blocks: a list of blocks"),
            ("a.yaml", "blocks: [{about: x, action: [fly], role: [shopper], expect: allow}]", "blocks[1]: 'fly'"),
            ("a.yaml", "blocks: [{about: x, action: [pay], role: [shopper], given: {colour: red}, expect: allow}]", "there is no fact colour"),
            ("a.yaml", "blocks: [{about: x, action: [pay], role: [shopper], expect: step_up passkey}]", "blocks[1]"),
            ("a.csv", "about,action\n", "there is no case in it"),
            ("a.csv", "about,action,role,outcome\nx,pay,shopper,perhaps\n", "line 2"),
        ):
            file = tmp_path / name
            file.write_text(text)
            ran = moments("policy", "test", str(file))
            assert (ran.code, told in ran.err, ran.err.count("\n")) == (1, True, 1), (text, ran)
        binary = tmp_path / "b.csv"
        binary.write_bytes(b"\xff\xfe")
        assert "not UTF-8" in moments("policy", "test", str(binary)).err


class TestExplain:
    def test_says_who_what_why_and_that_you_looked(self, migrated: Moments) -> None:
        from app.cli.opening import opened_keys
        from app.security.enforcing import enforce
        from app.security.errors import StepUpNeeded
        from app.security.policies.contracts import Action, Context, ValueLimits
        from app.security.principals import Principal, Role

        with opened_keys() as (database, _):
            try:
                with database.transaction() as session:
                    known = Context(amount_minor=2_501, limits=ValueLimits(2_500, 20_000))
                    enforce(session, Principal(Role.SHOPPER, "shp_jane"), Action.RESERVE, known, at=database.clock.now())
            except StepUpNeeded as refusal:
                decision_id = refusal.extra["decision_id"]
        ran = migrated("policy", "explain", decision_id)
        assert ran.code == 0
        assert "step_up: shp_jane wanted to reserve" in ran.out
        assert "opened by: passkey, at most 900 s old" in ran.out
        assert "rules: place_is_proven" in ran.out
        assert json.loads(migrated("policy", "list", "--json").out)[0]["id"] == decision_id
        assert decision_id in migrated("policy", "list", "--outcome", "step_up").out
        kinds = [e["kind"] for e in json.loads(migrated("audit", "list", "--json").out)]
        assert kinds == ["looked_at.policy_decision", "policy.step_up"]

    def test_one_that_is_not_kept(self, migrated: Moments) -> None:
        ran = migrated("policy", "explain", "pdc_none")
        assert (ran.code, "no decision pdc_none is kept" in ran.err) == (1, True)

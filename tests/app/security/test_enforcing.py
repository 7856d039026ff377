from __future__ import annotations

import pytest

from app.kernel.db import Database
from app.security.audit import journal
from app.security.enforcing import enforce
from app.security.errors import PolicyRefused, StepUpNeeded
from app.security.policies import decision_log
from app.security.policies.contracts import Action, Context, ValueLimits
from app.security.principals import Principal, Role
from app.security.reasons import REASONS

JANE = Principal(Role.SHOPPER, "shp_jane")
LIMITS = ValueLimits(2_500, 20_000)


def _ask(database: Database, action: Action, context: Context, principal: Principal = JANE) -> None:
    with database.transaction() as session:
        enforce(session, principal, action, context, at=database.clock.now())


def _noted(database: Database) -> list[tuple[str, str, str, tuple[str, ...]]]:
    with database.reading() as session:
        return [(d.who, d.action, d.outcome, d.reasons) for d in decision_log.newest(session)]


class TestEnforce:
    def test_what_is_done_every_day_leaves_no_row(self, database: Database) -> None:
        _ask(database, Action.RESERVE, Context(amount_minor=2_500, limits=LIMITS))
        _ask(database, Action.SEE_OFFER, Context())
        assert _noted(database) == []

    def test_what_is_worth_more_does(self, database: Database) -> None:
        from app.security.policies.contracts import VisitLevel

        _ask(database, Action.RESERVE, Context(amount_minor=2_501, limits=LIMITS, visit_level=VisitLevel.VERIFIED))
        assert _noted(database) == [("shp_jane", "reserve", "allow", ())]

    def test_a_refusal_stays_although_its_transaction_came_to_nothing(self, database: Database) -> None:
        with pytest.raises(PolicyRefused) as refused:
            _ask(database, Action.PAY, Context(amount_minor=2_501, limits=LIMITS, contact_changed_s=5))
        assert refused.value.detail == REASONS["contact_changed_lately"]
        assert refused.value.extra["reasons"] == ["contact_changed_lately"]
        assert _noted(database) == [("shp_jane", "pay", "deny", ("contact_changed_lately",))]
        with database.reading() as session:
            found = decision_log.find(session, refused.value.extra["decision_id"])
            (entry,) = journal.entries(session, kind="policy.deny")
        assert found is not None
        assert found.policy_ids == ("cool_off_after_contact_change",)
        assert entry.subject_hash == journal.pseudonym("shp_jane")
        assert refused.value.extra["decision_id"] in entry.detail

    def test_a_question_names_its_proof(self, database: Database) -> None:
        with pytest.raises(StepUpNeeded) as asked:
            _ask(database, Action.RESERVE, Context(amount_minor=2_501, limits=LIMITS))
        assert (asked.value.acr, asked.value.max_age_s, asked.value.extra["reasons"]) == ("passkey", 900, ["place_uncertain"])

    def test_in_a_look_it_is_written_down_afterwards(self, database: Database) -> None:
        with database.reading() as session:
            enforce(session, JANE, Action.EXPORT, Context(has_passkey=False, has_password=False), at=database.clock.now())
        assert _noted(database) == [("shp_jane", "export", "allow", ())]

    def test_staff_stand_by_role_and_id(self, database: Database) -> None:
        with pytest.raises(StepUpNeeded):
            _ask(database, Action.ISSUE_KEY, Context(), Principal(Role.OPERATOR, "per_olga"))
        assert _noted(database) == [("operator:per_olga", "issue_key", "step_up", ("confirm_it_is_you",))]

    def test_an_export_holds_hers_and_an_erasure_takes_it(self, database: Database) -> None:
        with pytest.raises(StepUpNeeded):
            _ask(database, Action.RESERVE, Context(amount_minor=2_501, limits=LIMITS))
        with database.transaction() as session:
            (hers,) = decision_log.export_decisions(session, "shp_jane")["policy_decisions"]
            assert (hers["action"], hers["outcome"], hers["rules"], hers["asked_for"]) == ("reserve", "step_up", ["place_is_proven"], "passkey")
            assert decision_log.erase_decisions(session, "shp_jane") == 1
            assert decision_log.erase_decisions(session, "shp_jane") == 0

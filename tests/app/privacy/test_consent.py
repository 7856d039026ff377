from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import PASS, Fail
from app.privacy import consent
from app.privacy.consent import ConsentRecord, evaluate, judge, latest
from app.privacy.purposes import NOTICES, Purpose
from tests.conftest import START


def _said(granted: bool, sequence: int, minute: int, *, purpose: Purpose = Purpose.LOCATION, version: int = 1) -> ConsentRecord:
    return ConsentRecord(purpose, granted, version, sequence, "app", START + timedelta(minutes=minute))


class TestEvaluate:
    def test_nothing_is_granted_by_default(self) -> None:
        for purpose in Purpose:
            assert evaluate([], purpose, START) == Fail(f"no_consent_{purpose.value}", {"why": "never_granted"})

    def test_the_latest_word_counts(self) -> None:
        grant, withdraw, again = _said(True, 1, 0), _said(False, 2, 10), _said(True, 3, 20)
        for minute, verdict in ((0, PASS), (9, PASS), (10, Fail("no_consent_location", {"why": "withdrawn"})), (19, Fail("no_consent_location", {"why": "withdrawn"})), (20, PASS)):
            assert evaluate([again, grant, withdraw], Purpose.LOCATION, START + timedelta(minutes=minute)) == verdict

    def test_before_the_first_word_there_is_no_consent(self) -> None:
        assert evaluate([_said(True, 1, 1)], Purpose.LOCATION, START) == Fail("no_consent_location", {"why": "never_granted"})

    def test_of_two_at_one_instant_the_later_commit_counts(self) -> None:
        """Seen to fail with the instant alone as the order: grant and withdrawal in one second left the grant."""
        grant, withdraw = _said(True, 1, 0), _said(False, 2, 0)
        assert not evaluate([withdraw, grant], Purpose.LOCATION, START).ok
        assert not evaluate([grant, withdraw], Purpose.LOCATION, START).ok

    def test_one_purpose_grants_no_other(self) -> None:
        granted = [_said(True, 1, 0, purpose=Purpose.LOCATION)]
        assert [evaluate(granted, p, START).ok for p in Purpose] == [True, *[False] * (len(Purpose) - 1)]

    def test_a_new_notice_needs_a_new_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        changed = {**NOTICES, Purpose.LOCATION: replace(NOTICES[Purpose.LOCATION], version=2)}
        monkeypatch.setattr(consent, "NOTICES", changed)
        assert evaluate([_said(True, 1, 0)], Purpose.LOCATION, START) == Fail("no_consent_location", {"why": "notice_changed", "agreed_version": 1})
        assert evaluate([_said(True, 1, 0, version=2)], Purpose.LOCATION, START) is PASS

    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=20), st.integers(0, 100))
    def test_is_the_last_word_said_by_then(self, words: list[tuple[bool, int]], minute: int) -> None:
        records = [_said(granted, i, at) for i, (granted, at) in enumerate(words)]
        said = [granted for granted, at in words if at <= minute]
        assert evaluate(records, Purpose.LOCATION, START + timedelta(minutes=minute)).ok is bool(said and said[-1])


class TestJudge:
    def test_a_grant_does_not_reach_back_and_a_withdrawal_does(self) -> None:
        assert not judge(_said(True, 1, 1), Purpose.LOCATION, START).ok
        assert judge(_said(False, 1, 1), Purpose.LOCATION, START) == Fail("no_consent_location", {"why": "withdrawn"})


class TestLatest:
    def test_none_of_another_purpose(self) -> None:
        assert latest([_said(True, 1, 0)], Purpose.ANALYTICS, START) is None

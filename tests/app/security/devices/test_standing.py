from __future__ import annotations

from datetime import timedelta

import pytest

from app.security.devices.standing import Evidence, Level, Standing, judged
from app.security.policies.contracts import Standing as Known
from tests.conftest import START

WEEK_S = 7 * 86_400


class TestJudged:
    @pytest.mark.parametrize(
        ("age_s", "level"),
        [(0, "strong"), (WEEK_S - 1, "strong"), (WEEK_S, "attested"), (2 * WEEK_S, "software"), (3 * WEEK_S, "unknown"), (99 * WEEK_S, "unknown"), (-60, "strong")],
    )
    def test_evidence_grows_old_a_step_at_a_time(self, age_s: int, level: str) -> None:
        assert judged(Evidence(Level.STRONG, START), START + timedelta(seconds=age_s), WEEK_S).level == level

    def test_never_lower_than_without_any(self) -> None:
        old = Evidence(Level.ATTESTED, START, has_key=True)
        assert judged(old, START + timedelta(days=400), WEEK_S) == Standing(Level.SOFTWARE, ("device_has_key", "device_attestation_old"), START)
        assert judged(Evidence(Level.UNKNOWN, START, has_key=True), START, WEEK_S).level is Level.SOFTWARE

    def test_a_warning_counts_more_than_any_evidence_and_every_reason_is_told(self) -> None:
        warned = Evidence(Level.STRONG, START, has_key=True, revoked=True, frozen_why="not_compliant")
        assert judged(warned, START, WEEK_S) == Standing(Level.REVOKED, ("device_signed_out", "device_not_compliant"), START)

    def test_what_the_policies_hear(self) -> None:
        heard = {level: Standing(level, ()).known for level in Level}
        assert heard == {
            Level.UNKNOWN: Known.UNKNOWN,
            Level.SOFTWARE: Known.UNKNOWN,
            Level.ATTESTED: Known.GOOD,
            Level.STRONG: Known.GOOD,
            Level.REVOKED: Known.FALLEN,
        }

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.verdict import PASS, Fail
from app.security.levels import ORDER, Proven, enough
from app.security.policies.contracts import Acr
from tests.conftest import START

AGO = timedelta(seconds=100)


class TestEnough:
    @pytest.mark.parametrize(("max_age_s", "held"), [(None, True), (100, True), (99, False), (0, False)])
    def test_counts_the_seconds_since_the_proof(self, max_age_s: int | None, held: bool) -> None:
        assert enough(Proven(passkey_at=START - AGO), Acr.PASSKEY, max_age_s, START).ok is held

    def test_a_higher_proof_is_enough_for_a_lower_level_and_never_the_other_way(self) -> None:
        """Seen to fail on comparing with the newest proof of any level."""
        proofs = (Proven(session_at=START), Proven(password_at=START), Proven(passkey_at=START))
        table = [[enough(proven, acr, 0, START).ok for acr in ORDER] for proven in proofs]
        assert table == [[True, False, False], [True, True, False], [True, True, True]]

    def test_the_newest_proof_that_counts_is_taken(self) -> None:
        proven = Proven(session_at=START - AGO * 9, password_at=START, passkey_at=START - AGO)
        assert enough(proven, Acr.PASSWORD, 0, START) == PASS
        assert enough(proven, Acr.PASSKEY, 50, START) == Fail("step_up_needed", {"acr": str(Acr.PASSKEY), "max_age_s": 50, "age_s": 100})

    def test_nothing_proved_is_never_enough(self) -> None:
        assert enough(Proven(), Acr.LINK, None, START) == Fail("step_up_needed", {"acr": str(Acr.LINK), "max_age_s": None, "age_s": None})

    def test_a_clock_set_back_makes_no_proof_older_than_now(self) -> None:
        assert enough(Proven(passkey_at=START + AGO), Acr.PASSKEY, 0, START) == PASS

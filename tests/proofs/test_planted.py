"""Every proof fails when a bug it is for is switched on: else it would prove nothing.

The proofs are called as they stand, in their small form. SQLite lets one writer in at a time, which hides the bugs of two
who look at once; those are planted on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storefront.facade import Shop
from tests.proofs import test_budget, test_caps, test_kill, test_repeats, test_single_use
from tests.proofs.plants import PLANTS
from tests.proofs.rig import Rig, Told
from tests.proofs.works import Redeem

BOTH, POSTGRESQL = ("sqlite", "postgresql"), ("postgresql",)


def ignore(_name: str, _value: object) -> None:
    """What a proof tells of itself, when it is expected to fail."""


def caps(rig: Rig) -> None:
    test_caps.TestCaps().test_redemptions_are_the_smaller_of_cap_and_attempts(rig, test_caps.TOTAL, 1, 32, 1, ignore)


def tills(rig: Rig) -> None:
    test_single_use.TestThirtyTills().test_one_yes_and_twenty_nine_definite_noes(rig, 1, ignore)


def checkouts(rig: Rig) -> None:
    test_single_use.TestTillsAgainst().test_checkouts(rig, 1, ignore)


def cancellation(rig: Rig) -> None:
    test_single_use.TestTillsAgainst().test_a_cancellation(rig, 1, ignore)


def expiry(rig: Rig) -> None:
    test_single_use.TestTillsAgainst().test_an_expiry(rig, 1, ignore)


def kills(rig: Rig) -> None:
    test_kill.TestEveryPoint().test_around_the_last_commit(rig, Redeem)


def repeats(rig: Rig) -> None:
    test_repeats.TestKeys().test_one_effect_for_each_key(rig, 64, ignore)


Proof = Callable[[Rig], None]
NOTICES: tuple[tuple[str, Proof, tuple[str, ...]], ...] = (
    ("count_then_insert", caps, POSTGRESQL),
    ("check_before_lock", tills, POSTGRESQL),
    ("check_before_lock", checkouts, POSTGRESQL),
    ("check_before_lock", cancellation, POSTGRESQL),
    ("check_before_lock", expiry, POSTGRESQL),
    ("commit_split_in_two", kills, BOTH),
    ("key_stored_after_the_effect", kills, BOTH),
    ("key_stored_after_the_effect", repeats, BOTH),
    ("skip_one_ledger_entry", caps, BOTH),
    ("skip_one_ledger_entry", tills, BOTH),
    ("skip_one_ledger_entry", kills, BOTH),
)
SMALL = {("key_stored_after_the_effect", repeats), ("skip_one_ledger_entry", tills)}
PAIRS = [
    pytest.param(bug, proof, engine, id=f"{engine}-{bug}-{proof.__name__}", marks=[] if (bug, proof) in SMALL else [pytest.mark.full, pytest.mark.timeout(600)])
    for bug, proof, engines in NOTICES
    for engine in engines
]


@pytest.mark.parametrize(("bug", "proof", "rig"), PAIRS, indirect=["rig"])
class TestNoticed:
    def test_by_the_proof(self, rig: Rig, bug: str, proof: Proof, record_property: Told) -> None:
        rig.start(plant=bug)
        with pytest.raises(AssertionError) as noticed:
            proof(rig)
        said, where = str(noticed.value).partition("\n")[0], noticed.traceback[-1]
        record_property("proved", f"noticed by {where.path.name}:{where.lineno + 1}: {said}")


class TestBudgetNotices:
    """There the threads of the test are the server."""

    @pytest.mark.full
    @pytest.mark.timeout(600)
    @pytest.mark.parametrize("rig", POSTGRESQL, indirect=True)
    def test_count_then_insert(self, rig: Rig, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        PLANTS["count_then_insert"](monkeypatch.setattr)
        with pytest.raises(AssertionError):
            test_budget.TestBudget().test_holds_at_every_look(rig, shop, 16, 12, False, ignore)

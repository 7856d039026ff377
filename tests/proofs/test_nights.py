"""Nothing is sent in a quiet hour, of the store or of the shopper, and no rolling cap is ever passed, through both changes of the clocks.

Planted bugs this fails on (planted below, in the long form): a retry that does not look at the clock; a cap that forgets what is on its way.
"""

from __future__ import annotations

import pytest
from sqlalchemy import event

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from notifications import dispatch, policy, weighing
from tests.proofs.nights import Nights
from tests.proofs.rig import Told

FULL = [pytest.mark.full, pytest.mark.timeout(14_400)]


@pytest.fixture(autouse=True)
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32))
    if database.dialect == "sqlite":  # nobody pulls the plug here; what is committed is the question, not what is on the disk
        event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    monkeypatch.setattr(weighing, "in_store", lambda _session, _visit_id: False)


def played(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, shoppers: int, days: int, ways: int) -> Nights:
    nights = Nights(database, clock, shoppers, ways)
    monkeypatch.setattr(weighing.geofences, "directory", nights.directory)
    nights.play(days)
    return nights


class TestNights:
    @pytest.mark.parametrize(("shoppers", "days", "ways"), [(6, 1, 16), pytest.param(2_000, 15, 64, marks=FULL)])
    def test_no_quiet_hour_and_no_cap_is_broken(
        self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, shoppers: int, days: int, ways: int, record_property: Told
    ) -> None:
        nights = played(database, clock, monkeypatch, shoppers, days, ways)
        assert nights.wrong() == []
        sends = sum(map(len, nights.sent.values()))
        assert sends > shoppers  # they were not all silenced
        record_property("proved", f"{shoppers} shoppers, {2 * days} days, {ways}-way: {nights.announced} moments, {sends} sends, none in a quiet hour, none over a cap")


@pytest.mark.full
class TestPlanted:
    def test_a_cap_that_forgets_what_is_on_its_way(self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        real = policy.Occasion.counting
        monkeypatch.setattr(policy.Occasion, "counting", lambda self, said, **about: real(self, [one for one in said if not one.waits], **about))
        assert any(wrong.startswith("cap") for wrong in played(database, clock, monkeypatch, 12, 2, 4).wrong())

    def test_a_retry_that_does_not_look_at_the_clock(self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch.second_look.Night, "asleep", lambda _self, _message: False)
        assert any(wrong.startswith("quiet") for wrong in played(database, clock, monkeypatch, 24, 2, 4).wrong())

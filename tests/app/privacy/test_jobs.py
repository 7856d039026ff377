from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy import jobs, retention
from app.privacy.jobs import sweep_all
from app.privacy.models import ErasureRow


class TestSweepAll:
    def test_goes_on_until_nothing_is_due(self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "MAX_ROWS_PER_SWEEP", 10)
        monkeypatch.setattr(retention.sweep, "__kwdefaults__", {"max_rows": 10})
        with database.transaction() as session:
            for i in range(25):
                session.add(ErasureRow(id=f"era_{i}", subject_hash="x", erased={}, kept={}, at=clock.now()))
        clock.advance(timedelta(days=4 * 366).total_seconds())
        assert sweep_all(database) == {"privacy_erasure": 25}
        assert sweep_all(database) == {}

"""`moments usage`: a report, and whether one is ours."""

from __future__ import annotations

import re
from pathlib import Path

from tests.app.cli.conftest import Moments


def test_a_report_is_ours_until_somebody_changes_it(migrated: Moments, tmp_path: Path) -> None:
    assert migrated("usage", "report").out.endswith("Nothing is counted: set MOMENTS_METERING__COUNT=true.\n")
    path = tmp_path / "usage.json"
    path.write_text(migrated("usage", "report", "--json").out)
    assert migrated("usage", "check", str(path)).out == "It is as this house signed it.\n"
    path.write_text(re.sub(r'("orders_paid":\s*)0', r'\g<1>1', path.read_text(), count=1))
    assert (migrated("usage", "check", str(path)).code, migrated("usage", "report", "--first", "2026-02-01", "--last", "2026-01-01").code) == (2, 1)

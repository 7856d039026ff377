"""`moments memberships`: from nothing to plans and a change of them, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

from tests.app.cli.conftest import Moments
from tests.storefront.memberships.house import PLANS


def test_from_nothing_to_plans_and_a_change(migrated: Moments, tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(PLANS)
    planned = migrated("memberships", "plan", str(file))
    assert (planned.code, planned.out.splitlines()[:2], planned.out.splitlines()[-1]) == (2, ["The first plans:", "    grace_days: 5"], f"Do it: moments memberships apply {file}")
    assert migrated("memberships", "apply", str(file)).out.endswith("Done.\n")
    exported = migrated("memberships", "export").out
    file.write_text(exported.replace("grace_days: 5", "grace_days: 4"))
    assert migrated("memberships", "apply", str(file)).out == "version 1 → 2:\n    grace_days: 5 → 4\nDone.\n"
    file.write_text(exported.replace("grace_days: 5", "grace_days: 3"))
    late = migrated("memberships", "plan", str(file))
    assert (late.code, "it is version 2 now, the file is from version 1" in late.err) == (1, True)
    assert migrated("memberships", "list").out == "Nobody is a member.\n"

"""`moments loyalty`: what a newcomer reads, the exit codes, one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments
from tests.storefront.loyalty.club import CLUB


@pytest.fixture
def club(tmp_path: Path) -> Path:
    path = tmp_path / "club.yaml"
    path.write_text(CLUB)
    return path


def test_from_nothing_to_a_programme_and_a_change(migrated: Moments, club: Path) -> None:
    assert "name: Our club" in migrated("loyalty", "export").out
    planned = migrated("loyalty", "plan", str(club))
    assert (planned.code, planned.out.splitlines()[:2], planned.out.splitlines()[-1]) == (2, ["A new programme:", "    name: Bonbon Club"], f"Do it: moments loyalty apply {club}")
    assert migrated("loyalty", "apply", str(club)).out.endswith("Done.\n")
    assert migrated("loyalty", "apply", str(club)).out == "Nothing to change.\n"
    exported = migrated("loyalty", "export").out
    club.write_text(exported.replace("needs: 3", "needs: 4"))
    assert migrated("loyalty", "apply", str(club)).out == "version 1 → 2:\n    cards.bonbon.needs: 3 → 4\nDone.\n"
    club.write_text(exported.replace("needs: 3", "needs: 5"))
    late = migrated("loyalty", "plan", str(club))
    assert (late.code, "it is version 2 now, the file is from version 1" in late.err) == (1, True)
    club.write_text(CLUB.replace("per_visit: 5", "per_visit: many"))
    wrong = migrated("loyalty", "plan", str(club))
    assert (wrong.code, wrong.err.startswith("moments: loyalty.points.per_visit: Input should be a valid integer (line 5)")) == (1, True)
    assert migrated("loyalty", "show", "shp_nobody").out.startswith("0 points\nTier: none yet\n")

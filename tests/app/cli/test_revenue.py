"""`moments revenue`: the terms as a file, a month, and what is wrong in one line."""

from __future__ import annotations

from pathlib import Path

from tests.app.cli.conftest import Moments

TERMS = "revenue:\n  partners:\n    cacao:\n      name: Cacao Brothers\n"


def test_from_nothing_to_terms_and_a_month(migrated: Moments, tmp_path: Path) -> None:
    path = tmp_path / "terms.yaml"
    path.write_text(TERMS)
    planned = migrated("revenue", "plan", str(path))
    assert (planned.code, planned.out.splitlines()) == (2, ["The first terms:", "    partners.cacao.name: nothing → Cacao Brothers", f"Do it: moments revenue apply {path}"])
    assert migrated("revenue", "apply", str(path)).out.endswith("Done.\n")
    assert migrated("revenue", "apply", str(path)).out == "Nothing to change.\n"
    assert "version: 1" in migrated("revenue", "export").out
    path.write_text(TERMS.replace("cacao:", "version: 1\n    cacao:").replace("  partners:\n    version: 1\n", "  version: 1\n  partners:\n") + "      commission_percent: 5\n      categories: [nobody]\n")
    wrong = migrated("revenue", "plan", str(path))
    assert (wrong.code, "revenue.partners.cacao.categories: the catalogue has no nobody" in wrong.err) == (1, True)
    assert "Nothing was booked for a partner." in migrated("revenue", "report", "--period", "2020-01").out
    assert migrated("revenue", "report", "--csv").out.startswith("period,partner_id,kind,")
    assert "Nothing was booked" in migrated("revenue", "close", "2020-01").out
    assert (migrated("revenue", "close", "2999-01").code, "agree" in migrated("revenue", "check").out) == (1, True)

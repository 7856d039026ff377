"""`moments campaigns export`, `plan` and `apply`: what a newcomer reads, the exit codes, one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments

NEW = """\
campaigns:
  cam_tea:
    state: live
    name: Tea time
    title: 10 % off tea
    trigger: {moment_kinds: [store_visit], everywhere: true}
    benefit: {kind: percent, percent: 10, categories: [tea]}
    schedule:
      weekly:
      - {days: [mon], from: 09:00, until: 17:00}
"""


@pytest.fixture
def tea(tmp_path: Path) -> Path:
    path = tmp_path / "tea.yaml"
    path.write_text(NEW)
    return path


class TestPlan:
    def test_says_what_and_exits_with_two(self, migrated: Moments, tea: Path) -> None:
        found = migrated("campaigns", "plan", str(tea))
        assert found.code == 2
        assert found.out == (
            "+ cam_tea “Tea time”: new, goes to review: another person has to approve it\n"
            "1 to change, 0 as they are.\n"
            f"Do it: moments campaigns apply {tea}\n"
        )
        assert migrated("campaigns", "list").out.startswith("No campaigns yet")

    def test_one_line_for_what_is_wrong(self, migrated: Moments, tea: Path) -> None:
        tea.write_text(NEW.replace("percent: 10", "percent: 120").replace("[mon]", "[monday]"))
        found = migrated("campaigns", "plan", str(tea))
        assert (found.code, found.out) == (1, "")
        assert found.err == (
            "moments: campaigns.cam_tea.benefit.percent: Input should be less than or equal to 100 (line 7); "
            "campaigns.cam_tea.schedule.weekly[0].days[0]: Input should be 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun' (line 10)\n"
        )

    def test_a_bomb(self, migrated: Moments, tea: Path) -> None:
        tea.write_text("a: &a [x, x]\nb: [*a, *a]\n")
        found = migrated("campaigns", "plan", str(tea))
        assert found.err == "moments: line 1: anchors and aliases (& and *) are not read here; write the value out\n"

    def test_no_file_and_no_text(self, migrated: Moments, tea: Path) -> None:
        assert "No such file" in migrated("campaigns", "plan", "nowhere.yaml").err
        tea.write_bytes(b"\xff\xfe")
        assert "is not UTF-8 text" in migrated("campaigns", "plan", str(tea)).err


class TestApply:
    def test_once_and_for_all(self, migrated: Moments, tea: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MOMENTS_OFFERS__FOUR_EYES", "false")
        assert migrated("campaigns", "apply", str(tea)).out.endswith("1 to change, 0 as they are.\nDone.\n")
        assert migrated("campaigns", "apply", str(tea)).out == "Nothing to change; 1 as they are.\n"
        assert migrated("campaigns", "plan", str(tea)).code == 0
        exported = migrated("campaigns", "export").out
        tea.write_text(exported.replace("percent: 10.0", "percent: 15"))
        changed = migrated("campaigns", "apply", str(tea)).out
        assert changed == "~ cam_tea “Tea time”, version 1 → 2\n    Percent off: 10 → 15.\n1 to change, 0 as they are.\nDone.\n"
        tea.write_text(exported.replace("percent: 10.0", "percent: 20"))
        late = migrated("campaigns", "apply", str(tea))
        assert late.code == 1
        assert "it is version 2 now, the file is from version 1; export it again" in late.err


class TestExport:
    def test_what_comes_out_goes_in(self, migrated: Moments, tea: Path) -> None:
        migrated("campaigns", "apply", str(tea))
        tea.write_text(migrated("campaigns", "export").out)
        assert migrated("campaigns", "plan", str(tea)).code == 0

    def test_no_such_campaign(self, migrated: Moments) -> None:
        assert "there is no cam_none" in migrated("campaigns", "export", "cam_none").err

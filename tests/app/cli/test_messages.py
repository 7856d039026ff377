"""`moments messages preview`: every look, one channel, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

from tests.app.cli.conftest import Moments

FILE = """\
campaigns:
  cam_tea:
    state: draft
    name: Tea time
    title: 10 % off tea
    trigger: {moment_kinds: [store_visit], everywhere: true}
    benefit: {kind: percent, percent: 10, categories: [tea]}
    message:
      language: en
      channels: [push, sms]
      texts:
        en: {title: "{{ percent }} % off tea", body: "Until {{ ends | time }}"}
        fi: {title: "Teetä -{{ percent }} %", body: "{{ name | default: 'Hei' }}, {{ ends | time }} asti"}
"""


class TestPreview:
    def test_one_channel_in_one_language(self, migrated: Moments, tmp_path: Path) -> None:
        path = tmp_path / "tea.yaml"
        path.write_text(FILE, encoding="utf-8")
        assert migrated("campaigns", "apply", str(path)).code == 0
        assert migrated("campaigns", "plan", str(path)).code == 0
        found = migrated("messages", "preview", "cam_tea", "--language", "fi", "--channel", "sms")
        assert found.code == 0
        assert found.out.startswith("Tea time, in fi (there is en, fi); by push, sms\n\nText message (2 text messages, gsm-7, ")
        assert "  | Teetä -10 %\n  | Aino, " in found.out
        assert migrated("messages", "preview", "cam_none").code != 0
        assert "--channel" in migrated("messages", "preview", "cam_tea", "--channel", "pigeon").err

"""`moments messages`: every look, one channel, and one line for what is wrong; a mail that came back by the pipe of a mail server."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments
from tests.notifications.inbound.mail_samples import bounce

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


class TestBounce:
    def test_heard_from_standard_input_whatever_it_says(self, migrated: Moments, monkeypatch: pytest.MonkeyPatch) -> None:
        """A mail server would send what ends otherwise back to nobody."""
        found: list[tuple[int, str]] = []
        for raw in (b"Subject: I am away\n\nuntil Monday", bounce("1" + "a" * 16), b"x" * 300_000):
            monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(raw)))
            ran = migrated("messages", "bounce", "--to", "bounces@shop.example")
            found.append((ran.code, ran.out.partition(":")[0]))
            assert len(ran.out.splitlines()) == 1
        assert found == [(0, "mail_no_report"), (0, "mail_forged"), (0, "mail_too_large")]

    def test_where_it_cannot_be_written_down_it_is_to_come_again(self, moments: Moments, monkeypatch: pytest.MonkeyPatch) -> None:
        """No database has been made here. Planted bug: the error left to end with 1, for which a mail server gives up."""
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(bounce("1" + "a" * 16))))
        ran = moments("messages", "bounce")
        assert (ran.code, ran.err.startswith("moments: not written down, try again: ")) == (75, True)

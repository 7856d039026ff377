"""`moments keys`: what there is, ending one, ending all; ids and names, never a secret."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from app.security.secrets import FILE_NAME
from tests.app.cli.conftest import Moments


def listed(moments: Moments) -> list[dict[str, str]]:
    return json.loads(moments("keys", "list", "--json").out)


class TestKeys:
    def test_three_weeks_of_keys(self, migrated: Moments) -> None:
        assert [key["state"] for key in listed(migrated)] == ["checks", "signs", "next"]

    def test_ending_the_one_that_signs(self, migrated: Moments, data_dir: Path) -> None:
        before = listed(migrated)
        ran = migrated("keys", "revoke", before[1]["id"], "--why", "a till was stolen", "--purpose", "coupons")
        after = listed(migrated)
        assert ran.code == 0
        assert ran.out.startswith(f"{before[1]['id']} ended; {after[2]['id']} is in its place.\n")
        assert [key["state"] for key in after] == ["checks", "revoked", "signs", "next"]
        assert (after[1]["why"], after[1]["ended_by"][:4]) == ("a till was stolen", "cli:")
        assert "a till was stolen" in migrated("keys", "list").out
        assert stat.S_IMODE((data_dir / FILE_NAME).stat().st_mode) == 0o600

    def test_ending_all(self, migrated: Moments) -> None:
        before = {key["id"] for key in listed(migrated)}
        ran = migrated("keys", "rotate", "--why", "the file leaked")
        after = listed(migrated)
        assert [key["state"] for key in after] == ["revoked", "checks", "revoked", "signs", "revoked", "next"]
        assert before == {key["id"] for key in after if key["state"] == "revoked"}
        assert all(key["id"] in ran.out for key in after if key["state"] != "revoked")

    def test_an_unknown_one_says_where_to_look(self, migrated: Moments) -> None:
        ran = migrated("keys", "revoke", "00000000", "--why", "x")
        assert (ran.code, ran.out) == (1, "")
        assert "moments keys list" in ran.err

    def test_a_reason_is_asked_for(self, migrated: Moments) -> None:
        assert migrated("keys", "rotate").code == 2

    def test_no_secret_is_printed(self, migrated: Moments, data_dir: Path) -> None:
        said = migrated("keys", "rotate", "--why", "x").out + migrated("keys", "list").out + migrated("keys", "list", "--json").out
        secrets = [part for part in (data_dir / FILE_NAME).read_text().split('"') if len(part) > 40]
        assert len(secrets) >= 5
        assert not any(secret in said for secret in secrets)

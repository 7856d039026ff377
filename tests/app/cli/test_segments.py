"""`moments segments count` and `moments campaigns figures`: numbers in twenties, plain words, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.segments import lines_of
from app.kernel.db import Database
from offers.contracts import AudienceCount
from tests.app.cli.conftest import Moments
from tests.conftest import START
from tests.offers.builders import go_live
from tests.offers.crowd import shopper

ACCOUNT = "audience: {fact: account, at_least: 1}\n"


@pytest.fixture
def crowd(migrated: Moments, data_dir: Path) -> Moments:
    """Forty-five shoppers, thirty of them with an account."""
    database = Database(f"sqlite:///{data_dir / 'moments.sqlite3'}")
    with database.transaction() as session:
        go_live(session, audience={"fact": "account", "at_least": 1}, trigger={"moment_kinds": ["store_visit"], "everywhere": True})
        for n in range(45):
            shopper(session, f"shp_{n}", account=n < 30)
    database.close()
    return migrated


class TestCount:
    def test_a_file_and_a_campaign(self, crowd: Moments, tmp_path: Path) -> None:
        file = tmp_path / "regulars.yaml"
        file.write_text(ACCOUNT, encoding="utf-8")
        for of in (str(file), "cam_bonbon"):
            found = crowd("segments", "count", of)
            assert (found.code, found.out.splitlines()) == (0, [
                of,
                "  in the audience    at least 20 of at least 40 who agreed to be counted",
                "  open to offers     at least 20",
                "  reachable          at least 20",
                "  at the caps        fewer than 20",
            ])  # fmt: skip

    def test_an_exported_file_counts_each_campaign(self, crowd: Moments, tmp_path: Path) -> None:
        file = tmp_path / "campaigns.yaml"
        file.write_text(crowd("campaigns", "export").out, encoding="utf-8")
        found = json.loads(crowd("segments", "count", str(file), "--json").out)
        assert found["cam_bonbon"]["members"] == 20
        assert crowd("campaigns", "plan", str(file)).out.startswith("Nothing to change")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("audience: {fact: visits}", "audience: visits needs at_least or at_most"),
            ("people: 3", "FILE: the file is `audience:` with conditions"),
            ("audience: &a {}", "anchors and aliases"),
        ],
    )
    def test_what_is_wrong_in_one_line(self, migrated: Moments, tmp_path: Path, text: str, said: str) -> None:
        file = tmp_path / "wrong.yaml"
        file.write_text(text, encoding="utf-8")
        found = migrated("segments", "count", str(file))
        assert found.code == 1
        assert said in found.err
        assert found.err.count("\n") == 1

    def test_neither_a_file_nor_a_campaign(self, migrated: Moments) -> None:
        found = migrated("segments", "count", "cam_none")
        said = "moments: FILE|CAMPAIGN: there is neither a file nor a campaign cam_none; see: moments campaigns list\n"
        assert (found.code, found.err) == (1, said)


class TestLinesOf:
    def test_large_numbers_with_commas(self) -> None:
        assert lines_of(AudienceCount(100_000, 99_980, 40, None, None, 20, START))[0].endswith("at least 99,980 of at least 100,000 who agreed to be counted")


class TestFigures:
    def test_in_words_and_as_json(self, crowd: Moments) -> None:
        found = crowd("campaigns", "figures", "cam_bonbon")
        assert found.code == 0
        assert "Nobody is held out of this campaign" in found.out
        document = json.loads(crowd("campaigns", "figures", "cam_bonbon", "--days", "7", "--json").out)
        assert (document["days"], document["arms"][0]["people"]) == (7, None)
        assert crowd("campaigns", "figures", "cam_none").code == 1

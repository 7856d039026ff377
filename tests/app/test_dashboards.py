"""What the dashboard draws and the alerts watch is what the application tells, and what their words advise exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.cli.program import run
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.main import create_watched
from app.security.api_keys import make_api_key
from app.settings import Settings
from tests.geofences.test_group_loop import Group

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "moments.json"
ALERTS, SCRAPED = DEPLOY / "prometheus" / "alerts.yml", DEPLOY / "prometheus" / "prometheus.yml"


def panels() -> list[dict[str, Any]]:
    return json.loads(DASHBOARD.read_text())["panels"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


EXPRESSIONS = [*(target["expr"] for panel in panels() for target in panel["targets"]), *(rule["expr"] for rule in rules())]


@pytest.fixture
def told(database: Database, clock: ManualClock, tmp_path: Path) -> set[str]:
    """The names of all series of a process with a table, and of one that reads a shared log."""
    house = build(Settings(data_dir=tmp_path, loops=False, _env_file=None), clock=clock, database=database)  # type: ignore[call-arg]
    with database.transaction() as session:
        key = make_api_key(session, "watch", ["metrics"], made_by="per_1", at=clock.now()).key
    client = TestClient(create_watched(house))
    client.get("/healthz")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).raise_for_status().text
    with database.reading() as session:
        shared = set(Group(database, clock).worker().figures(session))
    house.stop()
    return {line.split()[0].partition("{")[0] for line in text.splitlines() if not line.startswith("#")} | shared


class TestSeries:
    def test_whatever_is_asked_for_is_told(self, told: set[str]) -> None:
        """Seen to fail with one name in the dashboard spelled otherwise."""
        asked = {name for expression in EXPRESSIONS for name in re.findall(r"\bmoments_\w+", expression)}
        assert asked
        assert asked - told == set()

    @pytest.mark.parametrize("expression", EXPRESSIONS)
    def test_brackets_close(self, expression: str) -> None:
        open_now: list[str] = []
        for sign in expression:
            if sign in "([{":
                open_now.append({"(": ")", "[": "]", "{": "}"}[sign])
            elif sign in ")]}":
                assert open_now.pop() == sign
        assert not open_now


class TestFiles:
    def test_panels_lie_beside_each_other(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in panels():
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not cells & taken
            assert max(x for x, _ in cells) < 24
            taken |= cells
        assert len({panel["id"] for panel in panels()}) == len(panels())

    def test_an_alert_says_what_to_do_and_whom_to_call(self) -> None:
        assert len({rule["alert"] for rule in rules()}) == len(rules())
        for rule in rules():
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["description"]

    def test_every_kind_of_process_is_asked_with_a_key_from_a_file(self) -> None:
        jobs = yaml.safe_load(SCRAPED.read_text())["scrape_configs"]
        assert [job["job_name"] for job in jobs] == ["moments-api", "moments-worker", "moments-scheduler"]
        for job in jobs:
            assert job["metrics_path"] == "/metrics"
            assert set(job["authorization"]) == {"type", "credentials_file"}

    @pytest.mark.parametrize("path", [ALERTS, SCRAPED])
    def test_commands_that_are_named_exist(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        named = re.findall(r"moments ((?:api-keys|outbox|worker|scheduler)(?: (?:make|list|retry))?)", path.read_text())
        assert named
        for words in named:
            assert run([*words.split(), "--help"]) == 0, words
            assert f"moments {words}" in capsys.readouterr().out

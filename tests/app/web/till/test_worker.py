"""The worker that keeps the till's page: its files exist, a change of any of them is a new version, and it is for everybody."""

from __future__ import annotations

import json

import pytest

from app.web import assets
from app.web.till import worker
from tests.app.web.conftest import Town


def kept(script: str) -> list[str]:
    return json.loads(script.split("const KEPT = ", 1)[1].split(";\n", 1)[0])


class TestScript:
    def test_every_file_is_one_we_serve(self, town: Town) -> None:
        browser = town.browser()
        for address in kept(worker.script()):
            if address.startswith("/assets/own/"):
                assert browser.get(address).status_code == 200, address
        assert len(kept(worker.script())) == len(worker.OWN) + len(worker.LIBRARIES)

    def test_another_file_is_another_version(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = worker.script()
        monkeypatch.setattr(assets, "own_digest", lambda: "another")
        worker.script.cache_clear()
        after = worker.script()
        worker.script.cache_clear()
        assert before.splitlines()[0] != after.splitlines()[0]

    def test_nothing_but_the_page_and_files(self) -> None:
        assert all(address.startswith("/assets/") for address in kept(worker.script()))


class TestTillWorker:
    def test_is_asked_for_each_time_and_holds_nothing_of_anybody(self, town: Town) -> None:
        answer = town.browser().get("/till-worker.js")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.text == worker.script()

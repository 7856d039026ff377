"""The worker that shows pushes: given to anybody, asked for anew each time, the same for everybody."""

from __future__ import annotations

from app.web.shopper import worker
from tests.app.web.conftest import Town


class TestPushWorker:
    def test_is_asked_for_each_time_and_holds_nothing_of_anybody(self, town: Town) -> None:
        answer = town.browser().get("/push-worker.js")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-cache", "nosniff")
        assert answer.content == worker.SCRIPT.read_bytes()

"""Log lines cannot hold a coordinate, a token or a code, whoever writes them and however."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.kernel.logs import HIDDEN, configure_logs, get_logger, scrub_text

CANARIES = (
    "60.16931, 24.94112",
    "24.94112 60.16931",
    "[24.941120, 60.169310]",
    "POINT (24.94112 60.16931)",
    "lat=60.16931&lon=24.94112",
    "Bearer abcdef0123456789",
    "dt_0123456789abcdef",
    "mk_live_0123456789abcdef",
    "sk_test_0123456789abcdef",
    "7K3F-9QPM-X2TD-WV4C",
    "jane@example.com",
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logs(level="DEBUG")
    root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("canary", CANARIES)
class TestNothingLeaks:
    """Planted bug: with `scrub_event` taken out of the chain every one of these lines shows its canary."""

    def test_in_a_value(self, written: io.StringIO, canary: str) -> None:
        get_logger("t").info("happened", note=f"it was {canary} there")
        assert canary not in written.getvalue()
        assert HIDDEN in written.getvalue()

    def test_in_the_event_name_and_deep_inside(self, written: io.StringIO, canary: str) -> None:
        get_logger("t").info(f"at {canary}", a={"b": [{"c": canary}]})
        assert canary not in written.getvalue()

    def test_in_a_message_of_the_standard_library(self, written: io.StringIO, canary: str) -> None:
        logging.getLogger("uvicorn.error").error("request %s failed", canary)
        assert canary not in written.getvalue()

    def test_in_a_traceback(self, written: io.StringIO, canary: str) -> None:
        get_logger("t").error("crashed", exc_info=ValueError(canary))
        assert canary not in written.getvalue()
        assert "ValueError" in written.getvalue()


class TestNames:
    def test_secret_words_are_dropped_by_name(self, written: io.StringIO) -> None:
        get_logger("t").info("fix", lat=60, lon=25, token="x", code="y", shopper_id="shp_1", count=3)
        line = written.getvalue()
        assert line.count(HIDDEN) == 4
        assert '"shopper_id": "shp_1"' in line
        assert '"count": 3' in line


class TestHonestTextStays:
    @pytest.mark.parametrize("text", ["took 0.123 s", "moment.detected", "2026-11-21T12:00:00.123456Z", "17 of 40 sent", "shp_01jd3n2k4m5p6q7r8s9t0v1w2x"])
    def test_is_left_alone(self, text: str) -> None:
        assert scrub_text(text) == text

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
    "jane%40example.com",
    "60.169312%2C24.941123",
    "60.16931",
    "+358401234567",
    "+358 40 123-4567",
    "%2B358401234567",
    "7k3f-9qpm-x2td-wv4c",
    "7K3F9QPMX2TDWV4C",
    "7K3F9QPMX2TDWV4C12345678",
    "code: 123456",
    "eyJhbGciOiJFUzI1NiJ9.eyJodG0iOiJQT1NUIn0.c2lnbmF0dXJl",
    "wwtAW9EfOBWpS-i3ZLsjMtGIaHX1DxDqkFoCAPVcAR4",
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


    def test_a_name_is_as_good_as_its_last_word_and_names_are_text_too(self, written: io.StringIO) -> None:
        get_logger("t").info("x", home_lat=60, push_token="abc", token_kind="dt", m={"jane@example.com": 1})
        line = written.getvalue()
        assert line.count(HIDDEN) == 3
        assert '"token_kind": "dt"' in line

    def test_a_number_that_may_be_a_degree_is_written_to_a_tenth(self, written: io.StringIO) -> None:
        get_logger("t").info("x", value=60.169312, more=[24.941123], ms=12.3, share=0.1234)
        line = written.getvalue()
        assert ('"value": 60.2' in line, '"more": [24.9]' in line, '"ms": 12.3' in line, '"share": 0.1234' in line) == (True,) * 4


class TestHonestTextStays:
    @pytest.mark.parametrize("text", ["took 0.123 s", "moment.detected", "2026-11-21T12:00:00.123456Z", "17 of 40 sent", "shp_01jd3n2k4m5p6q7r8s9t0v1w2x", "this-that-them-they", "127.0.0.1:12345", "status code 42", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "550e8400-e29b-41d4-a716-446655440000", "2026-11-21 12:00:00.123456+00:00"])
    def test_is_left_alone(self, text: str) -> None:
        assert scrub_text(text) == text

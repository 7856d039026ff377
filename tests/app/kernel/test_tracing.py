"""Traces: what a span may say, which goes on from which, and that nobody waits for a collector."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import tracing
from app.kernel.logs import configure_logs, get_logger
from app.kernel.tracing import LAST_S, MOST_LINKS, NOTHING, QUEUE_SPANS, TracingSettings, allowed
from tests.paths import REPOSITORY
from tests.spans import Collector, ids, told

OUTSIDE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class TestAllowed:
    def test_what_is_on_the_list(self) -> None:
        said = {"method": "POST", "route": "/v1/coupons/{coupon_id}", "status": 200, "event_type": "moment.detected", "consumer": "offers.decide", "channel": "fcm", "outcome": "accepted", "together": 5, "error": "ValueError"}
        assert allowed(said) == {
            "http.request.method": "POST", "http.route": "/v1/coupons/{coupon_id}", "http.response.status_code": 200, "moments.event_type": "moment.detected",
            "moments.consumer": "offers.decide", "moments.channel": "fcm", "moments.outcome": "accepted", "moments.together": 5, "error.type": "ValueError",
        }  # fmt: skip
        assert said.keys() == tracing.ATTRIBUTES.keys()

    @pytest.mark.parametrize("name", ["shopper_id", "device_id", "lat", "lon", "accuracy_m", "address", "token", "code", "url", "path", "query", "text", "http.route"])
    def test_no_other_name(self, name: str) -> None:
        assert allowed({name: "fcm"}) == {}

    @pytest.mark.parametrize(
        "value",
        ["shp_01m85rtnzbesbb6zp8hmgr6smd", "dev_aaaaaaaaaaaaaaaaaaaaaaaaaa", "/v1/coupons/cpn_7d9p2tewb1q9ynbz7qsqds8mkh", "/v1/coupons/{coupon_id}?code=7K3F-9QPM-X2TD-WV4C", "60.16931", "60.16931,24.94112",
         "/places/60.16931", 60.16931, 24.0, 601693100, 358401234567, -1, True, "+358401234567", "jane@example.org", "Jane Doe", "Aleksanterinkatu 52", "7K3F-9QPM-X2TD-WV4C", "dt_0123456789abcdef",
         "eyJhbGciOiJFUzI1NiJ9.eyJodG0iOiJQT1NUIn0.c2lnbmF0dXJl", "", None, ["fcm"], b"fcm", "https://push.example/x"],
    )  # fmt: skip
    def test_under_no_name_what_looks_like_somebody(self, value: Any) -> None:
        """Seen to fail when shapes were matched anywhere in a value, and when any number was good."""
        assert allowed(dict.fromkeys(tracing.ATTRIBUTES, value)) == {}

    @given(st.one_of(st.floats(), st.integers(min_value=1_000_000), st.text(alphabet="0123456789.,-+ /", min_size=1).filter(lambda t: t != "/")))
    def test_no_number_that_could_be_a_place(self, value: Any) -> None:
        assert allowed(dict.fromkeys(tracing.ATTRIBUTES, value)) == {}


class TestOff:
    def test_costs_no_import_and_gives_one_thing(self) -> None:
        code = "import sys; from app.kernel import tracing as t; t.begin(t.TracingSettings()); s = t.root('a'); assert s is t.span('b') is t.following('c', ['x']) is t.NOTHING; t.mark(x=1); print([m for m in sys.modules if m.startswith('opentelemetry')])"
        done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
        assert tracing.current() is None


class TestSpan:
    def test_is_part_of_what_is_under_way_and_of_nothing_else(self) -> None:
        with told() as found:
            assert tracing.span("alone") is NOTHING
            with tracing.root("begins"), tracing.span("part"):
                pass
            assert [span.name for span in found.spans()] == ["begins", "part"]
            assert ids(found.one("part").parent) == ids(found.one("begins"))

    def test_an_error_leaves_its_class_and_no_word(self) -> None:
        with told() as found:
            with pytest.raises(ValueError), tracing.root("begins"):
                raise ValueError("lat 60.16931 lon 24.94112 of shp_01m85rtnzbesbb6zp8hmgr6smd")
            [span] = found.spans()
        assert dict(span.attributes or {}) == {"error.type": "ValueError"}
        assert (span.status.status_code.name, span.status.description, list(span.events)) == ("ERROR", None, [])

    @pytest.mark.parametrize("name", ["GET /v1/coupons/cpn_7d9p2tewb1q9ynbz7qsqds8mkh", "shp_01m85rtnzbesbb6zp8hmgr6smd", "Jane Doe", "GET /places?lat=60.16931", "60.16931"])
    def test_is_called_by_words_of_the_code_alone(self, name: str) -> None:
        """Seen to fail with `update_name(name)` in `rename`."""
        with told() as found:
            with tracing.root(name) as span:
                span.rename(name)
                tracing.happened(name)
            [span] = found.spans()
        assert [span.name, *(event.name for event in span.events)] == ["unnamed", "unnamed"]

    def test_what_it_is_told_of_itself(self) -> None:
        with told() as found:
            with tracing.root("begins"):
                pass
            about = dict(found.one("begins").resource.attributes)
        assert about["service.name"] == "mobile-moments"
        assert {"service.version", "service.instance.id"} < about.keys()
        assert not {"host.name", "process.command_args"} & about.keys()


class TestFollowing:
    def test_of_one_the_child_of_several_linked_to_each(self) -> None:
        with told() as found:
            for name in ("first", "second"):
                with tracing.root(name):
                    left = tracing.current()
                with tracing.following(f"after_{name}", [left]):
                    pass
            both = [f"00-{a:032x}-{b:016x}-01" for a, b in (ids(found.one(name)) for name in ("first", "second"))]
            with tracing.following("after_both", [both[0], None, both[1], both[0]]):
                pass
            with tracing.following("again", [both[0], both[0]]):
                pass
            assert ids(found.one("after_first").parent) == ids(found.one("first"))
            assert ids(found.one("again").parent) == ids(found.one("first"))
            after = found.one("after_both")
            assert after.parent is None
            assert [ids(link) for link in after.links] == [ids(found.one("first")), ids(found.one("second"))]
            assert dict(after.attributes or {}) == {"moments.together": 4}

    def test_of_what_was_not_told_nothing_and_of_time_alone_a_trace(self) -> None:
        with told():
            assert tracing.following("after", [None]) is NOTHING
            assert tracing.following("after", [None, None]) is NOTHING
            assert tracing.following("after", []) is not NOTHING

    def test_links_are_bounded(self) -> None:
        many = [f"00-{n:032x}-{n:016x}-01" for n in range(1, 500)]
        with told() as found:
            with tracing.following("after", many):
                pass
            assert len(found.one("after").links) == MOST_LINKS


class TestSampling:
    def test_a_share_begins_and_all_that_follows_is_told_with_it(self) -> None:
        """Seen to fail with the share asked again where there are links (`ALWAYS_ON if links` taken out)."""
        with told(ratio=0.25) as found:
            left: list[str | None] = []
            for _ in range(400):
                with tracing.root("begins"), tracing.span("part"):
                    left.append(tracing.current())
            kept = [one for one in left if one]
            for one in kept:
                with tracing.following("after", [one]):
                    pass
            for one in kept[1:]:
                with tracing.following("after_two", [kept[0], one]):
                    pass
            assert 50 < len(kept) < 150
            assert [len(found.named(n)) for n in ("begins", "part", "after", "after_two")] == [len(kept)] * 3 + [len(kept) - 1]

    @pytest.mark.parametrize(("trusted", "same"), [(True, True), (False, False)])
    def test_a_caller_is_heeded_only_where_trusted(self, trusted: bool, same: bool) -> None:
        with told(trust_callers=trusted) as found:
            with tracing.root("request", traceparent=OUTSIDE):
                pass
            assert (f"{ids(found.one('request'))[0]:032x}" in OUTSIDE) is same

    def test_a_trusted_caller_may_say_that_it_is_not_told(self) -> None:
        with told(trust_callers=True) as found:
            for said in (OUTSIDE[:-2] + "00", OUTSIDE):
                with tracing.root("request", traceparent=said):
                    pass
            assert len(found.spans()) == 1

    @pytest.mark.parametrize("said", ["", "00-", "jane", OUTSIDE + "-more", OUTSIDE.replace("b7ad6b7169203331", "0" * 16), OUTSIDE.upper()])
    def test_what_is_no_traceparent_is_passed_over(self, said: str) -> None:
        with told(trust_callers=True) as found:
            with tracing.root("request", traceparent=said):
                pass
            assert found.one("request").parent is None


class TestLogs:
    def test_a_line_names_its_trace(self) -> None:
        stream, rooted = io.StringIO(), logging.getLogger()
        before, level = rooted.handlers[:], rooted.level
        try:
            configure_logs(level="INFO")
            rooted.handlers[0].setStream(stream)  # type: ignore[attr-defined]
            with told() as found:
                get_logger("test.traces").info("outside")
                with tracing.root("begins"):
                    get_logger("test.traces").info("inside")
                trace_id = f"{ids(found.one('begins'))[0]:032x}"
        finally:
            rooted.handlers[:] = before
            rooted.setLevel(level)
        outside, inside = (json.loads(line) for line in stream.getvalue().splitlines())
        assert "trace_id" not in outside
        assert inside["trace_id"] == trace_id


class TestCollectorAway:
    @pytest.mark.parametrize("answers", [None, False])
    def test_nobody_waits_and_what_is_too_much_is_dropped(self, answers: bool | None) -> None:
        """Nobody listens; somebody listens and never answers. Seen not to end within a minute with a processor that sends as it goes
        (`SimpleSpanProcessor`)."""
        with Collector(answers=False) as collector:
            url = collector.url if answers is False else "http://127.0.0.1:9"
            tracing.begin(TracingSettings(otlp_url=url))
            try:
                begun = time.perf_counter()
                for _ in range(QUEUE_SPANS + 2_000):
                    with tracing.root("request") as span:
                        span.set(status=200)
                took_s = time.perf_counter() - begun
                waiting = len(tracing._provider._active_span_processor._span_processors[0]._batch_processor._queue)
            finally:
                ending = time.perf_counter()
                tracing.end()
                ended_s = time.perf_counter() - ending
        assert took_s < 3.0
        assert waiting <= QUEUE_SPANS
        assert ended_s < LAST_S + 1.0
        assert tracing.root("request") is NOTHING

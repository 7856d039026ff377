"""Jane's story, traced: from her fix to her push and her coupon's use, and nothing of her or of where she is in any of it.

The real application, the real SDKs, and a collector on 127.0.0.1 to which the real exporter speaks OTLP over HTTP. Seen to fail with `allowed` letting
every name through and the request's path told beside its route, with the address in place of the template as the span's name, and without the step
of a message (the push follows nothing, and is not told).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.demo import headless
from app.demo.phone import Phone, fix_document
from app.kernel import tracing
from tests.spans import Collector

pytestmark = pytest.mark.timeout(240)
AN_ID = re.compile(r"[a-z]{2,4}_[0-9a-z]{20,}")
A_NUMBER = re.compile(r"\d+\.\d|\d{5}")
NAMES = {name for name, _ in tracing.ATTRIBUTES.values()}


@pytest.fixture(scope="module")
def story() -> Iterator[tuple[Collector, list[dict[str, Any]], list[str]]]:
    """What the collector got, what the story showed, and every value that must not be in it."""
    lines: list[dict[str, Any]] = []
    hers: list[str] = []
    with pytest.MonkeyPatch.context() as patch, Collector() as collector:
        report, made = Phone.report, Phone.consent

        def reporting(phone: Phone, fixes: Any) -> Any:
            told = list(fixes)
            hers.extend(f"{document[name]:.3f}" for at, fix in told for document in [fix_document(at, fix)] for name in ("lat", "lon"))
            return report(phone, told)

        def agreeing(phone: Phone, *purposes: str) -> Any:
            hers.extend([phone.shopper_id, phone.device_id, phone._http.headers["Authorization"].removeprefix("Bearer ")])
            return made(phone, *purposes)

        patch.setattr(Phone, "report", reporting)
        patch.setattr(Phone, "consent", agreeing)
        patch.setenv("MOMENTS_TRACING__OTLP_URL", collector.url)
        assert headless.run(tell=lines.append) == 0, lines[-1]
        hers += [str(value) for line in lines for name, value in line.items() if name.endswith("_id")]
        yield collector, lines, hers


def _words(span: Any) -> Iterator[tuple[str, str]]:
    """Every text of a span, and where it stands."""
    yield "name", span.name
    yield "status", span.status.message
    yield "state", span.trace_state
    for where in (span, *span.events, *span.links):
        for attribute in where.attributes:
            kind = attribute.value.WhichOneof("value")
            assert kind in ("string_value", "int_value"), attribute
            yield attribute.key, str(getattr(attribute.value, kind))
    for event in span.events:
        yield "event", event.name
    for link in span.links:
        yield "state", link.trace_state


class TestWhatIsSaid:
    def test_no_place_nobody_and_no_words(self, story: tuple[Collector, list[dict[str, Any]], list[str]]) -> None:
        collector, _, hers = story
        said = [word for span in collector.spans() for word in _words(span)]
        assert len(collector.spans()) > 40
        assert len(hers) > 40
        assert {key for key, _ in said} <= NAMES | {"name", "status", "state", "event"}
        assert [(key, word) for key, word in said if AN_ID.search(word) or A_NUMBER.search(word)] == []
        assert [(key, word) for key, word in said for value in hers if value in word] == []
        assert not {word for key, word in said if key in ("status", "state")} - {""}

    def test_nothing_of_her_is_in_the_bytes(self, story: tuple[Collector, list[dict[str, Any]], list[str]]) -> None:
        collector, _, hers = story
        sent = b"".join(request.SerializeToString() for request in collector.requests)
        assert [value for value in {*hers, "jane-phone-installation", "Jane", "Ooey"} if value.encode() in sent] == []
        assert b"/v1/fixes" in sent
        assert set(collector.paths) == {"/v1/traces"}


class TestTheWay:
    def test_from_the_fix_to_the_push_and_the_use(self, story: tuple[Collector, list[dict[str, Any]], list[str]]) -> None:
        spans = {span.span_id: span for span in story[0].spans()}

        def before(span: Any) -> list[Any]:
            up = [span.parent_span_id] if span.parent_span_id else [link.span_id for link in span.links]
            return [spans[one] for one in up]

        def way(span: Any) -> set[str]:
            found, look = set[str](), [span]
            while look:
                one = look.pop()
                found.add(one.name)
                look += before(one)
            return found

        [push] = [span for span in spans.values() if span.name == "push.send"]
        assert way(push) >= {"push.send", "notifications.announce", "offers.decide", "detection.flush", "fixes.append", "POST /v1/fixes"}
        [issued] = [span for span in spans.values() if span.name == "coupon.issue"]
        # The payment's success is taken in by the checkout that asked for it or by the webhook, whichever hears of it first; once in either case.
        [used] = [span for span in spans.values() if span.links and span.name in ("POST /v1/checkout", "POST /v1/webhooks/stripe")]
        assert [link.span_id for link in used.links] == [issued.span_id]
        assert {a.key: a.value.string_value for a in push.attributes} == {"moments.channel": "fcm", "moments.outcome": "accepted"}

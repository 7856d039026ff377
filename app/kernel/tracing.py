"""Traces of the way from a fix to a push, in OpenTelemetry's form, that cannot hold a coordinate, an id of anybody, a token or free text.

Owns starting and ending the exporter, spans, and the list of what a span may say (`ATTRIBUTES`): a name that is not on it is left out, and so is
a value of another shape. Must not fail or hold up what it watches: without an address nothing of OpenTelemetry is even imported; with one, ended
spans go into a queue that drops what is too much, and a thread of its own sends them.

`root` begins a trace where something begins (a request, a job), `span` is a part of whatever is being traced and nothing where nothing is,
`following` goes on with what was left in another transaction (trace_steps.py).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, MutableMapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import uuid4

from pydantic import Field

from app.kernel.settings import SettingsGroup

SERVICE = "mobile-moments"
MOST_LINKS = 32
MOST_NUMBER = 999_999
"""No degree in whole parts, no telephone number and no time fits in."""
EXPORT_TIMEOUT_S, LAST_S = 2.0, 3.0
QUEUE_SPANS, BATCH_SPANS = 4_096, 512

_AN_ID = re.compile(r"[a-z]{2,4}_[0-9a-z]{20,}")
_WORD = re.compile(r"[a-z][a-z_]{0,39}")
_DOTTED = re.compile(r"[a-z][a-z_]{0,39}(\.[a-z_]{1,40}){0,3}")
_ROUTE = re.compile(r"unmatched|/|(/(v1|\{[a-z_]{1,40}(:[a-z]+)?\}(\.[a-z]{1,10})?|\.?[a-z][a-z._-]{0,39}(\{[a-z_]{1,40}\})?[a-z._-]{0,20}))+/?")
_METHOD = re.compile(r"[A-Z]{3,7}")
_CLASS = re.compile(r"[A-Z][A-Za-z]{0,59}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def _said(shape: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and shape.fullmatch(value) is not None and _AN_ID.search(value) is None


def _counted(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_NUMBER


ATTRIBUTES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "method": ("http.request.method", _said(_METHOD)),
    "route": ("http.route", _said(_ROUTE)),
    "status": ("http.response.status_code", _counted),
    "event_type": ("moments.event_type", _said(_DOTTED)),
    "consumer": ("moments.consumer", _said(_DOTTED)),
    "channel": ("moments.channel", _said(_WORD)),
    "outcome": ("moments.outcome", _said(_WORD)),
    "together": ("moments.together", _counted),
    "error": ("error.type", _said(_CLASS)),
}
"""All that a span may say, by the name it is given here: its name outside, and what the value must look like."""


class TracingSettings(SettingsGroup):
    otlp_url: str = Field("", pattern=r"^$|^https?://[^\s/]+(/\S*)?$", description="Where traces are sent: the OTLP/HTTP address of a collector, such as `http://127.0.0.1:4318/v1/traces` (`/v1/traces` is added to a bare host); empty: nothing is traced.")  # fmt: skip
    ratio: float = Field(1.0, ge=0, le=1, description="Of how many traces that begin here all is told, from 0 to 1. What follows from one is told exactly when it is, in whichever process.")
    trust_callers: bool = Field(False, description="Go on with the trace that a caller names in `traceparent`. Only behind a proxy of yours that sets or removes it: a phone could have itself traced, or put a mark of its own there.")


class Nothing:
    """A span where nothing is traced."""

    __slots__ = ()

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def set(self, **_attributes: object) -> None:
        """Nothing."""

    def rename(self, _name: str) -> None:
        """Nothing."""


class Span(Nothing):
    """One that is being told. `set` adds attributes of the list; an error that passes through leaves its class and no word of its own."""

    __slots__ = ("_make", "_span", "_token")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __enter__(self) -> Span:
        from opentelemetry import context, trace

        self._span = self._make()
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None = None, *_: object) -> None:
        from opentelemetry import context
        from opentelemetry.trace import Status, StatusCode

        context.detach(self._token)
        if kind is not None:
            self.set(error=kind.__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()

    def set(self, **attributes: object) -> None:
        self._span.set_attributes(allowed(attributes))

    def rename(self, name: str) -> None:
        """What it is called, once that is known: words of the code, such as method and route."""
        self._span.update_name(_named(name))


NOTHING = Nothing()
_tracer: Any = None
_provider: Any = None
_trusting = False


def allowed(attributes: MutableMapping[str, object]) -> dict[str, Any]:
    """What of these a span may say, under the names outside."""
    return {ATTRIBUTES[name][0]: value for name, value in attributes.items() if name in ATTRIBUTES and ATTRIBUTES[name][1](value)}


def _named(name: str) -> str:
    method, _, route = name.partition(" ")
    good = _said(_METHOD)(method) and _said(_ROUTE)(route) if route else _said(_DOTTED)(name)
    return name if good else "unnamed"


def begin(settings: TracingSettings, exporter: Any = None) -> None:
    """Trace from now on, if there is an address (or an exporter to hand spans to). A second call changes nothing."""
    global _tracer, _provider, _trusting  # noqa: PLW0603 - one for the process, as logs are
    if _tracer is not None or not (settings.otlp_url or exporter):
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased

    from app.kernel.trace_sampling import Root

    try:
        release = version(SERVICE)
    except PackageNotFoundError:  # run from its sources
        release = "unknown"
    about = {"service.name": SERVICE, "service.version": release, "service.instance.id": str(uuid4())}
    # Of our own, and not the process's global one: what a vendor's library may say of its requests never gets in.
    _provider = TracerProvider(resource=Resource.create(about), sampler=ParentBased(Root(settings.ratio)), shutdown_on_exit=False)
    to = exporter or _exporter(settings.otlp_url)
    _provider.add_span_processor(BatchSpanProcessor(to, max_queue_size=QUEUE_SPANS, max_export_batch_size=BATCH_SPANS))
    _trusting = settings.trust_callers
    _tracer = _provider.get_tracer(SERVICE)


def _exporter(url: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return OTLPSpanExporter(f"{scheme}://{host}/{path or 'v1/traces'}", timeout=EXPORT_TIMEOUT_S)


def end() -> None:
    """Send what waits, for a moment at most, and trace no more. Safe to call twice."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        last = threading.Thread(target=provider.shutdown, name="traces-end", daemon=True)
        last.start()
        last.join(LAST_S)  # a collector that does not answer holds nobody up


def on() -> bool:
    return _tracer is not None


def root(name: str, *, traceparent: str | None = None, server: bool = False, **attributes: object) -> Nothing:
    """A trace begins here, unless one is under way; `traceparent` is what a caller says, heeded where callers are trusted."""
    if _tracer is None:
        return NOTHING
    parent = _context_of(traceparent) if _trusting and traceparent and _TRACEPARENT.fullmatch(traceparent) else None
    return _begun(name, attributes, context=parent, server=server)


def span(name: str, **attributes: object) -> Nothing:
    """A part of what is being traced; nothing where nothing is."""
    if _tracer is None or _current() is None:
        return NOTHING
    return _begun(name, attributes)


def following(name: str, traces: Sequence[str | None], **attributes: object) -> Nothing:
    """What comes of things that were done elsewhere, each with what `current` said there.

    Of one thing, or several of one span: its child. Of several: a trace of its own with a link to each (a child has one parent, and choosing one
    of them would say that the others had no part in it). None of them was traced: nothing. Nothing at all led here but time: a trace of its own.
    """
    if _tracer is None:
        return NOTHING
    from opentelemetry.context import Context

    about = attributes | {"together": len(traces)} if len(traces) > 1 else attributes
    told = list(dict.fromkeys(trace for trace in traces if trace))
    if traces and not told:
        return NOTHING
    if len(set(traces)) == 1:
        return _begun(name, about, context=_context_of(told[0]))
    return _begun(name, about, context=Context(), links=told[-MOST_LINKS:])


def _begun(name: str, attributes: dict[str, object], *, context: Any = None, server: bool = False, links: Sequence[str] = ()) -> Nothing:
    from opentelemetry.trace import Link, SpanKind

    tracer, kind = _tracer, SpanKind.SERVER if server else SpanKind.INTERNAL
    if tracer is None:  # ended meanwhile, by another thread
        return NOTHING
    linked = [Link(_span_context(one)) for one in links]
    return Span(
        lambda: tracer.start_span(
            _named(name), context=context, kind=kind, attributes=allowed(attributes), links=linked, record_exception=False, set_status_on_exception=False
        )
    )


def current() -> str | None:
    """What is being traced here, as a W3C `traceparent`; None where nothing is, or nothing of it is told."""
    found = _current() if _tracer is not None else None
    if found is None:
        return None
    here = found.get_span_context()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-01"


def happened(name: str, **attributes: object) -> None:
    """A point in time on the span that is under way."""
    if _tracer is not None and (found := _current()) is not None:
        found.add_event(_named(name), allowed(attributes))


def mark(**attributes: object) -> None:
    """Attributes of the span that is under way."""
    if _tracer is not None and (found := _current()) is not None:
        found.set_attributes(allowed(attributes))


def link(trace: str) -> None:
    """The span that is under way has to do with that one."""
    if _tracer is not None and (found := _current()) is not None:
        found.add_link(_span_context(trace))


def note_in_log(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor that gives a line the trace it belongs to."""
    if _tracer is not None and (trace := current()) is not None:
        event["trace_id"] = trace[3:35]
    return event


def _current() -> Any:
    from opentelemetry.trace import get_current_span

    found = get_current_span()
    return found if found.is_recording() else None


def _context_of(trace: str) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context

    return set_span_in_context(NonRecordingSpan(_span_context(trace)), Context())


def _span_context(trace: str) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags

    _, trace_id, span_id, flags = trace.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))

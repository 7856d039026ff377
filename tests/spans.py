"""What a test has traced: spans in memory, and a collector on 127.0.0.1 that speaks OTLP over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.kernel import tracing
from app.kernel.tracing import TracingSettings


class Told:
    """Spans that have ended, by what they are called."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    def spans(self) -> list[ReadableSpan]:
        tracing._provider.force_flush()
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        [span] = self.named(name)
        return span


@contextmanager
def told(**settings: Any) -> Iterator[Told]:
    """Everything is traced until the block ends."""
    found = Told()
    tracing.begin(TracingSettings(**settings), exporter=found.exporter)
    try:
        yield found
    finally:
        tracing.end()


def ids(span: Any) -> tuple[int, int]:
    """Of a span, or of what a link or a parent names."""
    context = getattr(span, "context", span)
    return context.trace_id, context.span_id


class Collector:
    """Keeps what is sent to it. `answers` False: it takes the connection and says nothing until it is closed."""

    def __init__(self, *, answers: bool = True) -> None:
        self.requests: list[Any] = []
        self.paths: list[str] = []
        self._closing = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if not answers:
                    collector._closing.wait(30)
                    return
                collector.paths.append(self.path)
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Collector:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def spans(self) -> list[Any]:
        return [span for request in self.requests for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]

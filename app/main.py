"""The web application: every router of the house behind one guard.

Owns the list of routers, health and metrics. Must not hold a rule: routes live in their rooms.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, FastAPI, Response
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.bootstrap import House
from app.kernel import tracing
from app.kernel.http import RequestGuard, install_problems, no_nul, problem
from app.kernel.logs import get_logger
from app.kernel.routes import RouteTable
from app.migrations import current
from app.privacy import signals
from app.security.access import ANYONE, WHEN_KNOWN, Principal, Role, allow
from app.security.policies.engine import engine
from app.web.problems import install_problem_pages

log = get_logger(__name__)

BODY_LIMITS_BYTES = {"/v1/fixes": 8_000_000, "/v1/places/import": 16_000_000, "/v1/product-files": 64_000_000}


def _operation_id(route: APIRoute) -> str:
    return route.name


class Measured:
    """ASGI middleware: counts and times requests by route template, never by address, and logs one line each."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._count = Counter("moments_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry)
        self._time = Histogram("moments_request_seconds", "Time to answer.", ["route"], registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None) if tracing.on() else None
        with tracing.root("request", traceparent=caller, server=True) as span:
            await self._measured(scope, receive, send, span)

    async def _measured(self, scope: Scope, receive: Receive, send: Send, span: tracing.Nothing) -> None:
        begun, status = time.perf_counter(), 500

        async def noted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted_send)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds = time.perf_counter() - begun
            self._count.labels(scope["method"], route, str(status)).inc()
            self._time.labels(route).observe(seconds)
            span.rename(f"{scope['method']} {route}")
            span.set(method=scope["method"], route=route, status=status)
            log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


def create_app(house: House) -> FastAPI:
    """The application over a built house. Starting it starts the house's loops; stopping it stops them."""
    app = _bare(house)
    for router in house.routers:
        app.include_router(router)
    install_problem_pages(app)
    app.router.routes.insert(0, RouteTable(iter_route_contexts(app.routes)))
    return app


def create_watched(house: House, *, timetable: bool = True) -> FastAPI:
    """Health and metrics alone, for a process that works and serves nobody."""
    return _bare(house, timetable=timetable)


def _bare(house: House, *, timetable: bool = True) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = house.settings.threads
        engine()  # rules that do not hold together are told at the start, not at the first question
        house.start(timetable=timetable)
        try:
            yield
        finally:
            await run_in_threadpool(house.stop)  # it joins threads, and the push SDK refuses to close inside a running loop

    app = FastAPI(
        title="Mobile Moments",
        version="0.1.0",
        summary="From a phone at a shop's door to a coupon redeemed exactly once, with every step explained.",
        lifespan=lifespan,
        docs_url=None,  # Swagger UI would come from another origin
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        dependencies=[Depends(no_nul)],
    )
    app.state.house = house
    setattr(app.state, WHEN_KNOWN, (signals.heed,))
    install_problems(app)
    registry = CollectorRegistry()
    app.add_middleware(RequestGuard, limits_bytes=BODY_LIMITS_BYTES)
    app.add_middleware(Measured, registry=registry)
    house.runner.flush_took = Histogram("moments_flush_seconds", "Time to commit what was detected.", registry=registry).observe
    _add_health(app, house, registry)
    return app


def _add_health(app: FastAPI, house: House, registry: CollectorRegistry) -> None:
    everybody = allow(ANYONE)
    operators = allow(Role.OPERATOR, Role.SERVER, scope="metrics")

    @app.get("/healthz", tags=["operation"], dependencies=[Depends(everybody)], response_model=None)
    def healthz() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operation"], dependencies=[Depends(everybody)], response_model=None)
    def readyz() -> Response | dict[str, str]:
        """The database answers, is at this release's revision, and the loops run. With it, where the timetable runs: here, elsewhere or nowhere."""
        try:
            house.database.ping()
            at, newest = current(house.database)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready", not a crash
            log.warning("not_ready", error=type(error).__name__)
            return problem(503, "not_ready", "The database does not answer.")
        if at != newest:
            return problem(503, "not_ready", "The database is not migrated; run `moments migrate`.")
        stopped = house.stopped_loops()
        if stopped:
            return problem(503, "not_ready", f"Not running: {', '.join(stopped)}.")
        return {"status": "ready", "timetable": house.timetable_runs()}

    @app.get("/metrics", tags=["operation"], response_model=None)
    def metrics(_caller: Annotated[Principal, Depends(operators)]) -> Response:
        """Prometheus text: requests, outbox, detection lag."""
        house.measure(registry)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def serve(house: House, *, host: str, port: int, ready: Callable[[str], None] | None = None) -> Any:
    """Run the application until it is told to stop; `ready(url)` is called once it listens. Blocks."""
    server = make_server(house, host=host, port=port)
    if ready is not None:
        server.on_listening = ready
    server.run()
    return server


def make_server(house: House, *, host: str, port: int, app: Any = None) -> Any:
    """A uvicorn server of `app`, or of the application over `house`."""
    import uvicorn

    class Server(uvicorn.Server):
        on_listening: Callable[[str], None] | None = None

        async def shutdown(self, sockets: Any = None) -> None:
            house.notifications.close_streams()  # an open stream would otherwise hold the shut-down up
            await super().shutdown(sockets)

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            bound = self.servers[0].sockets[0].getsockname()[1]
            self.url = f"http://{host}:{bound}"
            if self.on_listening is not None:
                self.on_listening(self.url)

    config = uvicorn.Config(
        app or create_app(house), host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=3, lifespan="on", server_header=False
    )
    return Server(config)


"""The server that `moments bench ingest` measures: the real application, with a clock that follows the batches.

Owns the process and three routes more: `/bench/settled` says whether everything is committed, `/bench/decode` reads a batch and answers, `/bench/detect` also runs the engine on it,
both without storage. It is started by the bench alone, on 127.0.0.1.
"""
# No `from __future__ import annotations`: FastAPI reads the signatures of the routes.

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.bootstrap import build
from app.kernel.clock import ManualClock
from app.kernel.http import Command, CommandCall
from app.kernel.logs import configure_logs
from app.main import create_app, make_server
from app.security.access import Principal, Role, allow
from app.settings import load_settings
from geofences import facade as geofences

Server = Annotated[Principal, Depends(allow(Role.SERVER, scope="fixes"))]
NOW_HEADER = b"x-bench-now"


class Follow:
    """ASGI middleware: sets the clock to what the request says before anything looks at it."""

    def __init__(self, app: ASGIApp, clock: ManualClock) -> None:
        self._app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            said = dict(scope["headers"]).get(NOW_HEADER)
            if said is not None:
                self._clock.set_to(max(self._clock.now(), datetime.fromtimestamp(float(said), UTC)))
        await self._app(scope, receive, send)


def _router(detecting: Any, settings: Any, house: list[Any]) -> APIRouter:
    router = APIRouter()

    async def body(request: Request) -> bytes:
        return await request.body()

    def received_at(call: CommandCall) -> datetime:
        """Each stage is fed the stream from its beginning, so each has its own time."""
        return datetime.fromtimestamp(float(call.request.headers["x-bench-at"]), UTC)

    @router.post("/bench/decode")
    def decode(_caller: Server, call: Command, raw: Annotated[bytes, Depends(body)]) -> Response:
        batch = geofences.bench_decode(raw, received_at(call), settings)
        return Response(batch.results.to_json(), media_type="application/json")

    @router.post("/bench/detect")
    def detect(_caller: Server, call: Command, raw: Annotated[bytes, Depends(body)]) -> Response:
        batch = geofences.bench_decode(raw, received_at(call), settings)
        detecting.take(batch, received_at(call))
        return Response(batch.results.to_json(), media_type="application/json")

    @router.get("/bench/settled")
    def settled(_caller: Server) -> dict[str, bool]:
        with house[0].database.reading() as session:
            return {"settled": house[0].runner.settled(session)}

    return router


def main(data_dir: str, database_url: str, fences: int, fixes: int) -> None:
    """Serve until told to stop; the first line printed is the address."""
    configure_logs(level="ERROR", as_json=False)
    settings = load_settings(data_dir=data_dir, database_url=database_url, loops=False)
    walks, built = geofences.bench_walks(fences, fixes), list[Any]()
    clock = ManualClock(datetime.fromtimestamp(walks.starts_s, UTC))
    house = build(settings, clock=clock)
    detecting = geofences.bench_detecting(house.database, settings.geofences, walks.index)
    house.routers.insert(0, _router(detecting, settings.geofences, built))
    built.append(house)
    house.runner.use(walks.index)
    app = create_app(house)
    app.add_middleware(Follow, clock=clock)
    house.runner.start()
    server = make_server(house, host="127.0.0.1", port=0, app=app)
    server.on_listening = lambda url: print(url, flush=True)
    try:
        server.run()
    finally:
        house.runner.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

"""The server that the proofs kill: the real application, in a process that only the tests can start and only they can arm.

One parent imports everything once, builds a house that nobody uses, and forks a server for each line it reads (JSON
settings), so that three hundred restarts do not cost three hundred imports. A server has the routes of `moments serve` and, under /proof, a few more: arm a
point, tell the points passed, set the clock on, weigh a moment, expire. `plant` names a bug of plants.py to switch on.
"""
# No `from __future__ import annotations`: FastAPI reads the signatures of the routes.

import ctypes
import json
import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Response

from app.bootstrap import House, build
from app.kernel.clock import SystemClock
from app.kernel.http import Command
from app.kernel.logs import configure_logs
from app.main import create_app, make_server
from app.migrations import upgrade
from app.security.access import ANYONE, allow
from app.settings import load_settings
from offers import facade as offers
from tests import canaries
from tests.offers.builders import moment, weigh
from tests.proofs import plants
from tests.proofs.points import Answers, Points
from tests.proofs.warming import warm

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that comes when the parent ends."""


class MovedClock(SystemClock):
    """The system's clock, set on by so many seconds."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)


def _router(points: Points, clock: MovedClock) -> APIRouter:
    router = APIRouter(dependencies=[Depends(allow(ANYONE))])

    @router.post("/proof/arm")
    def arm(scope: str, kill_at: int | None = None) -> dict[str, bool]:
        points.arm(scope, kill_at)
        return {"armed": True}

    @router.get("/proof/points")
    def passed() -> dict[str, Any]:
        """Of the work that was armed last: has it ended, and which points did it pass."""
        last = None if points.armed else points.last
        return {"finished": last is not None and last.finished, "passed": last.passed if last else []}

    @router.post("/proof/clock")
    def set_on(ahead_s: float) -> dict[str, float]:
        clock.ahead_s = ahead_s
        return {"ahead_s": ahead_s}

    @router.post("/proof/expire")
    def expire(call: Command, ahead_s: float) -> Response:
        """The expiry job of a replica whose clock is so far ahead."""
        return call.run(lambda session: {"moved": offers.expire_due(session, call.clock.now() + timedelta(seconds=ahead_s))})

    @router.post("/proof/moments")
    def weigh_moment(moment_id: str, shopper_id: str, call: Command) -> Response:
        def work(session: Any) -> dict[str, Any]:
            now = call.clock.now()
            weigh(session, moment(moment_id, shopper_id, at=now), now)
            held = [c for c in offers.wallet(session, shopper_id, now) if c.moment_id == moment_id]
            return {"code": held[0].code if held else None}

        return call.run(work)

    return router


def _serve(given: dict[str, Any]) -> None:
    plant = given.pop("plant", None)
    settings = load_settings(**given)
    configure_logs(level=settings.log_level, as_json=False)
    points, clock = Points(), MovedClock()
    house: House = build(settings, clock=clock)
    house.routers.insert(0, _router(points, clock))  # the first request to a route makes ready all that are looked through before it
    upgrade(house.database)
    points.watch_database(house.database.engine)
    points.watch_gateway(house.shop.gateway)
    points.watch_relay()
    if plant is not None:
        plants.PLANTS[plant](setattr)
    app = create_app(house)
    app.add_middleware(Answers, points=points)
    server = make_server(house, host="127.0.0.1", port=0, app=app)
    server.on_listening = lambda url: print(json.dumps({"url": url, "pid": os.getpid()}), flush=True)
    server.run()


def _warm() -> None:
    """What is loaded and remembered at the first use is there before the first fork."""
    import stripe  # noqa: F401 - the gateway loads it at its first send
    import uvicorn  # noqa: F401 - the server loads it when it starts

    with tempfile.TemporaryDirectory() as folder:
        house = build(load_settings(data_dir=folder, database_url="", loops=False))
        upgrade(house.database)
        app = create_app(house)
        app.openapi()  # goes through every route
        house.stop()


def _bury(*_: Any) -> None:
    """Collect what has ended, and tell of every server that did not end by a kill."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if os.waitstatus_to_exitcode(ended[1]) != -signal.SIGKILL:
                print(json.dumps({"died": os.waitstatus_to_exitcode(ended[1])}), flush=True)


def main() -> None:
    """Fork a server for every line; all end with whoever writes them. Warmed for the databases that are named."""
    canaries.install()
    _warm()
    with tempfile.TemporaryDirectory() as folder:
        for n, url in enumerate(sys.argv[1:]):
            warm(Path(folder) / str(n), url)
    signal.signal(signal.SIGCHLD, _bury)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with suppress(AttributeError):  # where the system cannot, a server may outlive a test run that was killed
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            devnull = os.open(os.devnull, os.O_RDONLY)
            os.dup2(devnull, 0)
            try:
                _serve(json.loads(line))
            except BaseException:  # noqa: BLE001 - a fork must not go on as if it were the parent
                traceback.print_exc()
            print(json.dumps(None), flush=True)  # whoever waits for an address is told that there is none
            os._exit(1)


if __name__ == "__main__":
    main()

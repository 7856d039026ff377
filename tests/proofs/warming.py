"""Every piece of work done once in the process that servers are forked from, so that three hundred of them need not compile each
statement, load each module and read each schema anew at their first request.

Owns a server in a thread of this process, over a scratch database. Nothing of it but what was remembered is left when servers are forked.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from app.bootstrap import build
from app.kernel.logs import configure_logs
from app.main import make_server
from app.migrations import upgrade
from app.settings import load_settings
from tests import engines
from tests.proofs.rig import START_LIMIT_S, Rig
from tests.proofs.works import WORKS


class Thread:
    """In the place of the forge: the house of the rig, served from a thread."""

    def __init__(self) -> None:
        self._listens = threading.Event()

    def start(self, given: dict[str, Any]) -> tuple[str, int]:
        """The process id is none: there is nothing to kill."""
        given.pop("plant")
        settings = load_settings(**given)
        configure_logs(level=settings.log_level, as_json=False)  # what is printed here is read as news of servers
        house = build(settings)
        upgrade(house.database)
        self._server = make_server(house, host="127.0.0.1", port=0)
        self._server.on_listening = lambda _url: self._listens.set()
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        assert self._listens.wait(START_LIMIT_S)
        return self._server.url, 0

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(START_LIMIT_S)


def warm(folder: Path, url: str) -> None:
    """`url` of an empty PostgreSQL database; "" for SQLite."""
    engines.install()  # what is compiled for one engine serves all of its kind
    thread = Thread()
    rig = Rig(thread, folder, url)
    rig.start()
    for kind in WORKS:
        first, *others = kind.campaigns
        rig.campaign(**first)
        for other in others:
            rig.beside(**other)
        work = kind(rig)
        work.do()
        rig.told_everything()
        work.after()
        work.again()
        rig.told_everything()
        rig.in_order(told=True)
    thread.stop()
    rig.stop()

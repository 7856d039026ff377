"""A process that sends pushes until it is killed: `python -m tests.proofs.storm_child` is the forge, which has loaded everything.

For each line of JSON on its input it forks: `{"url", "vault", "account", "fcm_url", "unheard_in", "ahead_s", "kill", "after"}`. The fork sends what is due
with the real dispatcher and SDK, on a clock that is `ahead_s` ahead and jumps over every wait, and ends when nothing waits; with `kill`, it
kills itself (SIGKILL) when it comes to that point for the `after`-th time. The forge tells its process id, and then how it ended.

Nothing in the product knows of it: the points are set by wrapping what the dispatcher calls.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from app.kernel.db import Database
from app.kernel.logs import configure_logs
from app.security.sealing import use_secrets
from app.security.vault import Vault, use_vault
from notifications import dispatch
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.ports import Outcome, PushReceipt, PushRequest
from tests.proofs.storm import SECRETS, TIMEOUT_S, settings


class AheadClock:
    """Real time, and a distance that is never taken back."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def jump_to(self, at: datetime) -> None:
        self._ahead += max(at - self.now(), timedelta(0)) + timedelta(seconds=1)


class Death:
    """Comes at one point, the so-manieth time."""

    def __init__(self, point: str, after: int) -> None:
        self._point, self._left, self._lock = point, after, threading.Lock()

    def at(self, point: str) -> None:
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            if before:
                self.at(before)
            answer = function(*given, **named)
            if after:
                self.at(after)
            return answer

        return wrapped


class Hearing:
    """The real adapter; of answers other than "this phone is dead" it keeps whom they were about."""

    channel = "fcm"

    def __init__(self, gateway: FcmGateway, unheard_in: str) -> None:
        self._gateway, self._unheard_in = gateway, Path(unheard_in)

    def send(self, request: PushRequest) -> PushReceipt:
        receipt = self._gateway.send(request)
        if receipt.outcome is not Outcome.DEAD:
            with self._unheard_in.open("a", encoding="utf-8") as out:
                out.write(f"{request.address}\n")
        return receipt

    def close(self) -> None:
        self._gateway.close()


def play(told: dict[str, Any]) -> None:
    use_secrets(SECRETS)
    use_vault(Vault(Database(told["vault"])))
    clock = AheadClock(told["ahead_s"])
    database = Database(told["url"], clock=clock, pool_size=40)
    if database.dialect == "sqlite":
        event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    death = Death(told["kill"], told["after"])
    dispatch._next_batch = death.around(dispatch._next_batch, "", "claimed")
    dispatch.claim = death.around(dispatch.claim, "", "claiming")
    dispatch.last_look = death.around(dispatch.last_look, "looking", "")
    dispatch._write = death.around(dispatch._write, "", "recording")
    dispatch._write_down = death.around(dispatch._write_down, "answered", "recorded")
    real = FcmGateway(told["account"], fcm_url=told["fcm_url"], timeout_s=TIMEOUT_S, connections=settings().push_workers)
    gateway = Hearing(real, told["unheard_in"])
    with ThreadPoolExecutor(settings().push_workers) as senders:
        while True:
            if dispatch.run_once(database, gateway, settings(), senders):
                continue
            with database.reading() as session:
                due = dispatch.next_due_at(session, "fcm")
            if due is None:
                os._exit(0)
            clock.jump_to(due)


def main() -> None:
    configure_logs(level="CRITICAL", as_json=False)
    import firebase_admin  # noqa: F401 - loaded once, for every fork
    import google.auth.transport.requests  # noqa: F401 - as above
    from firebase_admin import messaging  # noqa: F401 - as above

    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                play(json.loads(line))
            except BaseException as error:  # noqa: BLE001 - the forge must not go on as two
                print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()

"""Where a process can be killed: every begin, statement, commit, rollback, send and answer of one piece of work, counted as it goes by.

Owns the counting and the kill. Nothing of the product knows of it: statements and commits are told by SQLAlchemy's own
events, sends by wrapping the gateway's verbs, answers by ASGI middleware; and all of it is put in place by
tests/proofs/child.py alone, so that a process started in any other way cannot be armed.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.outbox import OutboxDelivery
from app.kernel.relay import Relay

TABLE = re.compile(r"\b(?:INTO|FROM|UPDATE)\s+(\w+)", re.IGNORECASE)
VERBS = ("create_payment", "confirm_payment", "read_payment", "cancel_payment", "refund_payment")


class Watch:
    """The points that one piece of work has passed; at the `kill_at`-th (from 0) the process is gone."""

    def __init__(self, scope: str, kill_at: int | None) -> None:
        self.scope, self.kill_at = scope, kill_at
        self.passed: list[str] = []
        self.finished = False

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if self.kill_at is not None and len(self.passed) > self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


_watching: ContextVar[Watch | None] = ContextVar("watching", default=None)


def reach(name: str) -> None:
    watch = _watching.get()
    if watch is not None:
        watch.reach(name)


def _named(statement: str) -> str:
    """`update offers_coupon`: what a statement does, and to which table first."""
    table = TABLE.search(statement)
    return " ".join([statement.split(None, 1)[0].lower(), *(table.groups() if table else ())])


class Points:
    """What is armed in this process: the next work of that scope is watched, once.

    A scope is how a piece of work begins: `POST /v1/checkout`, `claim` (the relay takes up what is due), or
    `analytics.count coupon.redeemed` (a consumer is told an event).
    """

    def __init__(self) -> None:
        self.armed: Watch | None = None
        self.last: Watch | None = None

    def arm(self, scope: str, kill_at: int | None) -> None:
        self.armed = Watch(scope, kill_at)

    @contextmanager
    def work(self, scope: str) -> Iterator[None]:
        if self.armed is None or not scope.startswith(self.armed.scope):
            yield
            return
        watch = self.last = self.armed
        self.armed = None
        token = _watching.set(watch)
        try:
            yield
        finally:
            watch.finished = True
            _watching.reset(token)

    def watch_database(self, engine: Engine) -> None:
        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            reach(f"before {_named(statement)}")

        def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            reach(f"after {_named(statement)}")

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        event.listen(engine, "begin", lambda _connection: reach("before begin"))
        event.listen(engine, "rollback", lambda _connection: reach("before rollback"))
        event.listen(engine, "commit", lambda _connection: reach("before commit"))
        event.listen(Session, "after_commit", lambda _session: reach("after commit"))

    def watch_gateway(self, gateway: Any) -> None:
        for verb in VERBS:
            setattr(gateway, verb, _sending(verb, getattr(gateway, verb)))

    def watch_relay(self) -> None:
        claim, deliver = Relay._claim, Relay._deliver

        def watched_claim(relay: Relay) -> Any:
            with relay._database.reading() as session:
                due = session.scalar(select(OutboxDelivery.event_id).where(OutboxDelivery.state == "pending", relay._mine).limit(1))
            if not due:
                return []  # looking in vain is no work; what has come since is taken up, and watched, at the next look
            with self.work("claim"):
                return claim(relay)

        def watched_delivery(relay: Relay, group: Any) -> None:
            (envelope, _, consumer), *_ = group
            with self.work(f"{consumer} {envelope.type}"):
                deliver(relay, group)

        Relay._claim = watched_claim  # type: ignore[method-assign]
        Relay._deliver = watched_delivery  # type: ignore[method-assign]


def _sending(verb: str, send: Any) -> Any:
    def sent(*args: Any, **named: Any) -> Any:
        reach(f"before send {verb}")
        answer = send(*args, **named)
        reach(f"after send {verb}")
        return answer

    return sent


class Answers:
    """ASGI middleware: the request is the piece of work; having it, and its answer's first and last byte, are points."""

    def __init__(self, app: ASGIApp, points: Points) -> None:
        self._app, self._points = app, points

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def heard() -> Message:
            reach("before request")
            message = await receive()
            reach("after request")
            return message

        async def told(message: Message) -> None:
            kind = message["type"].removeprefix("http.response.")
            reach(f"before answer {kind}")
            await send(message)
            reach(f"after answer {kind}")

        with self._points.work(f"{scope['method']} {scope['path']}"):
            await self._app(scope, heard, told)

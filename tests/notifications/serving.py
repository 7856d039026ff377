"""A real uvicorn server on an ephemeral port for one test, and a client that reads server-sent events from it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from notifications.wiring import Notifications


class Server(uvicorn.Server):
    """Ends the streams before it waits for its connections, as the house's server does."""

    parts: Notifications

    async def shutdown(self, sockets: Any = None) -> None:
        self.parts.close_streams()
        await super().shutdown(sockets)


class Served:
    def __init__(self, app: FastAPI, parts: Notifications) -> None:
        self.server = Server(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False, lifespan="off")
        )
        self.server.parts = parts
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> str:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.005)
        return f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self, within_s: float = 20.0) -> float:
        began = time.monotonic()
        self.server.should_exit = True
        self.thread.join(timeout=within_s)
        return time.monotonic() - began


class Events:
    """The events of one open stream: `next(within_s)` waits for one."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines: Iterator[str] = response.iter_lines()
        self.comments: list[str] = []

    def next(self) -> dict[str, Any] | None:
        """The next event, or None when the stream has ended."""
        fields: dict[str, Any] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments.append(line[1:].strip())
            elif not line:
                if "data" in fields:
                    return {**fields, "data": json.loads(fields["data"])}
                fields = {}
            else:
                name, _, value = line.partition(": ")
                fields[name] = value
        return None


@contextmanager
def stream(url: str, bearer: str, *, after: int | None = None, last_event_id: str | None = None) -> Iterator[Events]:
    headers = {"Authorization": f"Bearer {bearer}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    params = {} if after is None else {"after": str(after)}
    with (
        httpx2.Client(timeout=30) as client,
        client.stream("GET", f"{url}/v1/inbox/stream", headers=headers, params=params) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Events(response)

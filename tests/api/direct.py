"""Calling the app as a server does, with nothing in between: a client library costs three times what most answers do.

For tests that send tens of thousands of requests. Must be used while a TestClient holds the app's lifespan open.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI


@dataclass
class Answer:
    """What came back; the headers by their lower-case names."""

    status_code: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Direct:
    """One caller of `app`, which is called on a loop of its own. An error the app does not answer is a 500, as a server makes of it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def request(self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b"") -> Answer:
        return self._loop.run_until_complete(self._request(method, url, headers, content))

    async def _request(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        path, _, query = url.partition("?")
        answer, over = Answer(), asyncio.Event()
        waiting = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status_code = message["status"]
                answer.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                answer.content += message.get("body", b"")
                if not message.get("more_body"):
                    over.set()

        sent = {"host": "testserver", "content-length": str(len(content)), **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("testclient", 50_000),
            "server": ("testserver", 80),
        }
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - a server logs it and answers so
            answer.status_code, answer.content = 500, repr(error).encode()
        return answer

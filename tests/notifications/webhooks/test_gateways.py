"""The one file that speaks HTTP to strangers: to the address that was judged, once, within a time."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from notifications.webhooks.adapters.http_gateway import HttpGateway
from notifications.webhooks.adapters.memory_gateway import MemoryGateway
from notifications.webhooks.ports import WebhookAnswer, WebhookGateway, WebhookRequest
from notifications.webhooks.reasons import WebhookReason as Reason
from tests.notifications.webhooks.serving import certificate, receiving, saying


def request(url: str) -> WebhookRequest:
    return WebhookRequest(url, {"content-type": "application/json", "webhook-id": "evt_1"}, b'{"a": 1}')


def answered(answer: WebhookAnswer) -> tuple[int | None, str | None]:
    return answer.status, answer.reason


class TestContract:
    @pytest.mark.parametrize("kind", ["http", "memory"])
    def test_takes_and_tells(self, kind: str) -> None:
        with receiving(lambda *_: (429, {"Retry-After": "7"})) as server:
            told = WebhookAnswer(429, None, "7", 0)
            gateway: WebhookGateway = HttpGateway(timeout_s=30, loopback=True) if kind == "http" else MemoryGateway(lambda _: told)
            answer = gateway.send(request(server.url))
        assert (answer.status, answer.reason, answer.retry_after, answer.delivered) == (429, None, "7", False)


class TestSend:
    def test_what_arrives(self) -> None:
        with receiving() as server:
            assert HttpGateway(timeout_s=30, loopback=True).send(request(server.url)).delivered
        ((headers, body),) = server.got
        assert body == b'{"a": 1}'
        assert (headers["host"], headers[":path"], headers["webhook-id"]) == (f"127.0.0.1:{server.server_port}", "/in?a=b", "evt_1")

    def test_our_own_machine_is_refused_unless_set(self) -> None:
        with receiving() as server:
            for host in ("127.0.0.1", "localhost", "127.1", "2130706433"):
                url = f"https://{host}:{server.server_port}/"
                assert answered(HttpGateway(timeout_s=30, loopback=False).send(request(url))) == (None, Reason.ADDRESS_REFUSED)
        assert server.got == []

    def test_one_bad_address_among_good_ones_refuses_the_name(self) -> None:
        gateway = HttpGateway(timeout_s=30, loopback=False, resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"], connect=_never)
        assert answered(gateway.send(request("https://two.example/"))) == (None, Reason.ADDRESS_REFUSED)

    def test_connects_to_the_address_that_was_judged_with_the_right_name(self, tmp_path: Path) -> None:
        """A name that leads elsewhere when it is asked again (DNS rebinding) leads nowhere. Seen to fail with the name handed to `connect`."""
        theirs, trusting = certificate(tmp_path, "hooks.example")
        asked: list[str] = []
        connected: list[str] = []
        with receiving(tls=theirs) as server:

            def resolve(host: str, _port: int) -> list[str]:
                asked.append(host)
                return ["8.8.8.8"] if len(asked) == 1 else ["127.0.0.1"]

            def connect(address: tuple[str, int], timeout: float) -> socket.socket:
                connected.append(address[0])
                return socket.create_connection(("127.0.0.1", server.server_port), timeout=timeout)

            gateway = HttpGateway(timeout_s=30, loopback=False, resolve=resolve, connect=connect, tls=trusting)
            assert gateway.send(request("https://hooks.example/in")).delivered
            assert (asked, connected, server.got[0][0]["host"]) == (["hooks.example"], ["8.8.8.8"], "hooks.example")
            other = HttpGateway(timeout_s=30, loopback=False, resolve=lambda _h, _p: ["8.8.8.8"], connect=connect, tls=trusting)
            assert answered(other.send(request("https://other.example/in"))) == (None, Reason.TLS_FAILED)

    def test_a_redirect_is_not_followed(self) -> None:
        with receiving() as inner, receiving(lambda *_: (307, {"Location": inner.url})) as outer:
            assert answered(HttpGateway(timeout_s=30, loopback=True).send(request(outer.url))) == (307, None)
        assert inner.got == []

    def test_dripping_wins_no_time(self) -> None:
        """Seen to fail with the socket's own time-out in place of what is left: it went on for as long as it dripped."""

        def drip(sock: socket.socket) -> None:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 600:
                sock.sendall(bytes([byte]))
                time.sleep(0.05)

        with saying(drip) as port:
            began = time.monotonic()
            answer = HttpGateway(timeout_s=0.5, loopback=True).send(request(f"http://127.0.0.1:{port}/"))
        assert answered(answer) == (None, Reason.TIMED_OUT)
        assert time.monotonic() - began < 15  # it drips for half a minute

    @pytest.mark.parametrize("raw", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"HTTP/1.1 200 " + b"x" * 70_000])
    def test_nonsense(self, raw: bytes) -> None:
        with saying(lambda sock: sock.sendall(raw)) as port:
            answer = HttpGateway(timeout_s=30, loopback=True).send(request(f"http://127.0.0.1:{port}/"))
        assert answer.status is None
        assert answer.reason in (Reason.ANSWER_UNREADABLE, Reason.UNREACHABLE)

    def test_an_endless_answer_is_cut(self) -> None:
        def pour(sock: socket.socket) -> None:
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                sock.sendall(b"x" * 65_536)

        with saying(pour) as port:
            assert HttpGateway(timeout_s=30, loopback=True).send(request(f"http://127.0.0.1:{port}/")).delivered

    def test_nobody_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        assert answered(HttpGateway(timeout_s=30, loopback=True).send(request(f"http://127.0.0.1:{port}/"))) == (None, Reason.UNREACHABLE)


def _never(*_: Any, **__: Any) -> socket.socket:
    raise AssertionError("nothing may be connected to")

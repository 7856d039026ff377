"""Who asks a server that is measured: several connections that stay open, in rounds of each kind in turn.

Owns asking and the time it takes. Must not know what is asked.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.kernel.errors import AppError

ROUNDS = 8
PATIENCE_S = 60.0
Client = http.client.HTTPConnection


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; `body` is JSON."""

    path: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    method: str = "POST"


@contextmanager
def connected(address: str, connections: int) -> Iterator[list[Client]]:
    clients = [http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S) for _ in range(connections)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def rounds(kinds: Mapping[str, tuple[Sequence[Client], Sequence[Asked]]]) -> dict[str, float]:
    """Seconds of each kind over all rounds; every round asks a share of each, one kind after the other."""
    spent_s = dict.fromkeys(kinds, 0.0)
    for n in range(ROUNDS):
        for name, (clients, asked) in kinds.items():
            begun = time.perf_counter()
            together(clients, asked[n::ROUNDS])
            spent_s[name] += time.perf_counter() - begun
    return spent_s


def together(clients: Sequence[Client], asked: Sequence[Asked]) -> None:
    """Every client takes the next request until there is none. Raises AppError if any was refused."""
    waiting, refused = iter(asked), list[str]()

    def run(client: Client) -> None:
        for one in waiting:
            status, said = ask(client, one)
            if status not in (200, 201):
                refused.append(f"{one.path}: {status} {said[:200]!r}")

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise AppError(f"{len(refused)} requests were refused, the first: {refused[0]}")


def ask(client: Client, one: Asked) -> tuple[int, bytes]:
    client.request(one.method, one.path, one.body or None, {"Content-Type": "application/json", **one.headers})
    answer = client.getresponse()
    return answer.status, answer.read()

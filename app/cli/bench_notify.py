"""`moments bench notify`: what sending costs beside the sends themselves, and how soon somebody who walks in is shown something.

Owns the measuring. The provider is our local FCM as a process of its own; the SDK, the adapter and the number of senders are the same with
and without the database, in alternate rounds of the same run, and the provider must have received the same messages from both before a
figure is told. Nothing of the user's is touched.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.bench_house import end, postgresql
from app.kernel.errors import AppError

if TYPE_CHECKING:
    from app.bootstrap import House

ROUNDS, SENDERS = 10, 16
TARGETS = {"sqlite_against_bare": 0.6, "postgresql_against_bare": 0.6}
ENTERING_PER_SECOND, ENTERING_S, SHOWN_P95_S = 100.0, 4, 2.0
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def notify(messages: int) -> dict[str, Any]:
    """Messages a second through the dispatcher and without a database, on SQLite and, where the test server can be had, PostgreSQL."""
    from app.kernel.logs import configure_logs

    configure_logs(level="ERROR", as_json=False)
    figures: dict[str, Any] = {"messages": messages, "senders": SENDERS}
    with _provider() as provider:
        with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
            figures |= _measured("sqlite", Path(folder), "", provider, messages)
        with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, postgresql(Path(folder)) as (url, _):
            if url:
                figures |= _measured("postgresql", Path(folder) / "home", url, provider, messages)
    figures["reached"] = {name: figures[name] >= target for name, target in TARGETS.items() if name in figures}
    return figures | _shown(figures["reached"])


def _shown(reached: dict[str, bool]) -> dict[str, Any]:
    """From the fix that enters to the message on an open page, a hundred people a second for some seconds, through the real server."""
    from app.cli import measuring

    entered = int(ENTERING_PER_SECOND * ENTERING_S)
    try:
        told = measuring.moment(entered, ENTERING_PER_SECOND)
    except AppError:  # hardly anybody was shown anything: the other figures stand all the same
        reached["entry_to_shown_p95_s"] = False
        return {"entering_per_s": ENTERING_PER_SECOND, "entered": entered, "shown": 0, "reached": reached}
    reached["entry_to_shown_p95_s"] = told["offer_visible_p95_s"] <= SHOWN_P95_S and told["offers_seen"] == entered
    return {
        "entering_per_s": ENTERING_PER_SECOND,
        "entered": entered,
        "shown": told["offers_seen"],
        "entry_to_shown_p50_s": told["offer_visible_p50_s"],
        "entry_to_shown_p95_s": told["offer_visible_p95_s"],
        "reached": reached,
    }


def print_lines(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name != "reached":
            target = SHOWN_P95_S if name == "entry_to_shown_p95_s" else TARGETS.get(name)
            print(f"{name:<34} {value:>10}" + (f"   (to reach: {target})" if target is not None else ""))


# -- the two ways of sending -----------------------------------------------------------------------------------------


def _measured(engine: str, home: Path, url: str, provider: Provider, messages: int) -> dict[str, Any]:
    from notifications import facade

    house = _house(home, url, provider)
    try:
        facade.rehearse_pushes(house.database, house.settings.notifications, phones=messages // ROUNDS, each=ROUNDS + 1, at=NOW)
        spent = _rounds(house, provider)
    finally:
        house.stop()
    sent = spent.pop("messages")
    rates = {name: round(sent / seconds, 1) for name, seconds in spent.items()}
    busy_ms = {name: round(spent[f"{name}_busy"] / sent * 1000, 3) for name in ("dispatch", "bare")}
    return {
        f"{engine}_busy_ms_per_send": busy_ms["dispatch"],
        f"{engine}_bare_busy_ms_per_send": busy_ms["bare"],
        f"{engine}_sends_per_s": rates["dispatch"],
        f"{engine}_bare_sends_per_s": rates["bare"],
        f"{engine}_against_bare": round(spent["bare"] / spent["dispatch"], 3),
    }


def _rounds(house: House, provider: Provider) -> dict[str, float]:
    """Seconds of each way over all rounds, and of the processor in this process. In each, what is due is sent as it stands, and dispatched; who
    begins changes."""
    from app.kernel.clock import ManualClock
    from notifications import facade

    room, clock = house.notifications, house.database.clock
    assert room.gateway is not None
    assert isinstance(clock, ManualClock)
    spent: dict[str, float] = dict.fromkeys(("bare", "dispatch", "bare_busy", "dispatch_busy"), 0.0)
    sent = 0
    with ThreadPoolExecutor(room.settings.push_workers) as senders:
        for number in range(ROUNDS + 1):  # the first warms connections, caches and statements, and is not counted
            clock.set_to(NOW + timedelta(minutes=number))
            requests = facade.due_pushes(house.database, room.gateway.channel)
            arrived: dict[str, list[str]] = {}
            for way in ("bare", "dispatch") if number % 2 else ("dispatch", "bare"):
                gc.collect()
                begun, begun_busy = time.perf_counter(), time.process_time()
                if way == "bare":
                    _bare(room.gateway, requests, senders)
                else:
                    facade.send_due(house.database, room.gateway, room.settings, senders)
                took_s, busy_s = time.perf_counter() - begun, time.process_time() - begun_busy
                arrived[way] = provider.arrived()
                if number:
                    spent[way] += took_s
                    spent[f"{way}_busy"] += busy_s
            if not arrived["bare"] or arrived["bare"] != arrived["dispatch"]:
                raise AppError("the provider did not receive the same messages both times: no figure is worth anything")
            sent += len(requests) if number else 0
    return spent | {"messages": sent}


def _bare(gateway: Any, requests: Sequence[Any], senders: ThreadPoolExecutor) -> None:
    refused = [receipt for receipt in senders.map(gateway.send, requests) if receipt.outcome != "accepted"]
    if refused:
        raise AppError(f"the provider did not take {len(refused)} of {len(requests)}: {refused[0].reason}")


def _house(home: Path, url: str, provider: Provider) -> House:
    from app.bootstrap import build
    from app.kernel.clock import ManualClock
    from app.migrations import upgrade
    from app.settings import load_settings

    home.mkdir(parents=True, exist_ok=True)
    account = home / "account.json"
    account.touch(mode=0o600)
    account.write_text(json.dumps(provider.account), encoding="utf-8")
    channel = {"fcm_service_account_path": str(account), "fcm_url": provider.fcm_url, "push_workers": SENDERS}
    settings = load_settings(data_dir=home, database_url=url, loops=False, log_level="ERROR", notifications=channel)
    house = build(settings, clock=ManualClock(NOW))
    upgrade(house.database)
    return house


# -- the provider, a process of its own ------------------------------------------------------------------------------


class Provider:
    """`arrived()` tells what was received since the last question, sorted."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._ask("")
        self.account: dict[str, str] = told["account"]
        self.fcm_url: str = told["fcm_url"]

    def arrived(self) -> list[str]:
        return list(self._ask("arrived\n"))

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AppError("the local provider did not answer; its words are above")
        return json.loads(answer)


@contextmanager
def _provider() -> Iterator[Provider]:
    command = (sys.executable, "-m", "app.cli.bench_notify")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    try:
        yield Provider(process)
    finally:
        end(process, within_s=10)


def main() -> None:
    """The local FCM: says how it is reached, then answers every line with what has arrived since the last."""
    from app.demo.peers.fcm_peer import FcmPeer

    with FcmPeer() as peer:
        print(json.dumps({"account": peer.service_account(), "fcm_url": peer.fcm_url}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(sorted(json.dumps(message, sort_keys=True) for message in peer.forget())), flush=True)


if __name__ == "__main__":
    main()

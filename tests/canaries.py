"""Two hundred canaries: coordinates, tokens, telephone numbers, addresses and codes that may be sent to us and must never come out.

Owns the canaries, and the look-outs of the whole suite: what every log line would say (with its traceback), what every refusal and
the metrics page say to a test client, and every event and dead letter on its way into the database. Every request of a test client carries
canaries in its headers; tests/api/test_canaries.py sends all of them through every field of every route. A canary that is seen
fails the test during which it was seen (tests/conftest.py).

All canaries share the digits 7391, so that looking costs next to nothing. Processes that tests start write what they see into the
file named by CANARY_HITS.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import re
import string
import tempfile
from pathlib import Path
from typing import Any

import structlog

MARK = "7391"
_chance = random.Random(MARK)


def _letters(count: int, alphabet: str) -> str:
    return "".join(_chance.choices(alphabet, k=count))


LATITUDES = tuple(f"60.{MARK}{n:02}" for n in range(40))
LONGITUDES = tuple(f"24.{MARK}{n:02}" for n in range(40, 80))
PHONES = tuple(f"+35840{MARK}{n:03}" for n in range(100, 130))
EMAILS = tuple(f"canary.{MARK}{n:02}@example.org" for n in range(30))
TOKENS = tuple(f"{kind}{_letters(20, string.ascii_letters + string.digits)}{MARK}{_letters(19, string.ascii_letters + string.digits)}" for kind in ("dt_", "st_", "trk_", "lnk_", "mk_live_", "") for _ in range(5))


def _code(n: int) -> str:
    from offers.codes import new_code, shown

    groups = shown(new_code(lambda bits: random.Random(n).getrandbits(bits))).split("-")
    body = f"{groups[0]}{MARK}{groups[2]}{groups[3][:3]}"
    return new_code(lambda _bits: functools.reduce(lambda value, c: value * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(c), body, 0))


@functools.cache
def codes() -> tuple[str, ...]:
    """Codes with a right check character, without dashes. Made at first use: the room is not imported for it."""
    return tuple(_code(n) for n in range(30))


@functools.cache
def canaries() -> tuple[str, ...]:
    found = (*LATITUDES, *LONGITUDES, *PHONES, *EMAILS, *TOKENS, *codes())
    assert len(set(found)) == 200
    assert all(MARK in one for one in found)
    return found


@functools.cache
def _pattern() -> re.Pattern[str]:
    """In any of the forms in which one may come out: with and without the plus, with dashes, in small letters, in an address bar."""
    bare = [one.lstrip("+") for one in canaries() if one not in codes()]
    grouped = ["[- ]?".join(one[k : k + 4] for k in (0, 4, 8, 12)) for one in codes()]
    mails = [re.escape(one).replace("@", "(?:@|%40)") for one in EMAILS]
    no_clock = r"(?<!\d:)"  # seconds of a time, to the millionth, look like a longitude now and then
    return re.compile("|".join([*mails, *grouped, *(no_clock + re.escape(one) for one in bare if "@" not in one)]), re.IGNORECASE)


def seen_in(text: str) -> set[str]:
    """The canaries in a text."""
    return set(_pattern().findall(text)) if MARK in text else set()


# --- the look-outs ----------------------------------------------------------------------------------------------------


def _book() -> Path:
    """Where everybody, also in other processes, writes what was seen."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if os.environ.get("CANARY_HITS_OF") != worker:  # one worker must not take what another has just seen
        handle, name = tempfile.mkstemp(prefix="canaries")
        os.close(handle)
        os.environ["CANARY_HITS"], os.environ["CANARY_HITS_OF"] = name, worker
    return Path(os.environ["CANARY_HITS"])


def look(where: str, text: str) -> None:
    """Write down every canary in `text`."""
    for one in seen_in(text) if MARK in text else ():
        with _book().open("a", encoding="utf-8") as book:
            book.write(f"{one} in {where}: {text[:300]!r}\n")


def taken() -> list[str]:
    """What was seen since the last time this was asked; and it is forgotten."""
    book = _book()
    if not book.exists() or book.stat().st_size == 0:
        return []
    told = book.read_text(encoding="utf-8").splitlines()
    book.write_text("")
    return told


_installed = False


def install() -> None:
    """Once a process: look at every line before it is written, at every event before it is stored, at every answer to a test client."""
    global _installed  # noqa: PLW0603 - a process has one set of look-outs
    if _installed:
        return
    _installed = True
    _book()
    _watch_lines()
    _watch_events()
    _watch_answers()


def write_lines() -> None:
    """Lines are written as in production, whatever a test before has done to the set-up."""
    from app.kernel.logs import configure_logs

    if not structlog.is_configured():
        configure_logs(level="INFO")
        structlog.configure(cache_logger_on_first_use=False)  # so that a test may still put its own set-up in place


def _watch_lines() -> None:
    whole = structlog.stdlib.ProcessorFormatter.format

    def format_and_look(formatter: Any, record: Any) -> str:
        line = whole(formatter, record)
        look("a log line", line)
        return line

    structlog.stdlib.ProcessorFormatter.format = format_and_look  # type: ignore[method-assign]


def _watch_events() -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def before(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "kernel_outbox_" in statement and statement.startswith(("INSERT", "UPDATE", "WITH")):
            look("the outbox", _said(parameters))

    event.listen(Engine, "before_cursor_execute", before)


def _said(parameters: Any) -> str:
    """Everything a statement is given; what PostgreSQL's driver wraps (`Jsonb`) shows only its beginning by itself."""
    if isinstance(parameters, dict):
        return " ".join(_said(value) for value in parameters.values())
    if isinstance(parameters, (list, tuple)):
        return " ".join(_said(value) for value in parameters)
    return str(getattr(parameters, "obj", parameters))


def _watch_answers() -> None:
    from starlette.testclient import TestClient

    whole, number = TestClient.request, itertools.count()

    def request(client: TestClient, method: str, url: Any, **given: Any) -> Any:
        n = next(number)
        client.headers["User-Agent"] = f"canary {_nth(n, 0)}"
        client.headers["X-Canary"] = f"{_nth(n, 67)} {_nth(n, 131)}"
        answer = whole(client, method, url, **given)
        if answer.status_code >= 400 or str(url).partition("?")[0] == "/metrics":
            look(f"the answer to {method} {str(url).partition('?')[0]}", answer.text)
        return answer

    TestClient.request = request  # type: ignore[method-assign]


def _nth(n: int, ahead: int) -> str:
    return canaries()[(n + ahead) % 200]

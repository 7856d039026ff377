"""Who is working: a name for this process that tells, later and on the same machine, whether it is still alive.

Owns the name and the question. A process is dead only when that is provable: same boot, same process namespace, and the
kernel shows no such process, or another one that started later under its number. Everything else (another machine, another
container, a system without /proc) is "not known", and whoever asks waits as before.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str | None:
    """`boot/namespace/pid/started`; None where the system does not tell."""
    return _named(os.getpid())


@lru_cache(maxsize=2)
def _named(pid: int) -> str | None:
    """By process id, since a fork inherits what its parent remembered."""
    here, found = _here(), _stat(pid)
    return f"{here}/{pid}/{found[1]}" if here is not None and found is not None else None


def is_dead(name: str | None) -> bool:
    """True only when the process of that name has provably ended."""
    here = _here()
    if name is None or here is None or name.rpartition("/")[0].rpartition("/")[0] != here:
        return False
    pid, started = name.rsplit("/", 2)[1:]
    found = _stat(int(pid))
    if found is None:
        return not (_PROC / pid).exists()
    alive, since = found
    return not alive or since != started


def _here() -> str | None:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return None


def _stat(pid: int) -> tuple[bool, str] | None:
    """(does it still run, when it started in ticks since boot); see proc(5): state is field 3, threads 20, start 22."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name in brackets may hold anything
    ended = fields[0] in "ZX" and int(fields[17]) <= 1  # killed, and its parent has not looked yet
    return not ended, fields[19]

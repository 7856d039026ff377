"""How commands print: a table for people, JSON for programs.

Owns the two forms, so that every command looks alike, and the name of whoever sits there. Must not know what is printed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


def print_json(document: object) -> None:
    """One JSON document on standard output: dataclasses, models and instants included."""
    from app.kernel.http import to_json

    print(to_json(document).decode())


def print_json_line(document: Mapping[str, Any]) -> None:
    """One line of NDJSON, flushed, so that a reader at the other end of a pipe sees it at once."""
    print(json.dumps(document, default=str), flush=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Rows as an aligned table; `empty` is said instead of a table without rows."""
    if not rows:
        print(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    # A pipe has no width; a table cut to 80 columns would lose what a script looks for.
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)


def cell(value: object) -> str:
    """A value as people read it: an instant to the second in UTC, a list with commas, nothing as a dash."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, (list, tuple)):
        return ", ".join(str(v) for v in value) or "-"
    return str(value)


def whoever_types() -> str:
    """Who is logged in here, as histories name them: `cli:NAME`."""
    from getpass import getuser

    return f"cli:{getuser()}"[:80]

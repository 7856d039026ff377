"""Rules kept as a file: say what applying it would change, or do it.

Owns how `plan` and `apply` of such files read and exit. Must not know what stands in the file: whoever owns the rules does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from app.cli.campaigns import CHANGES, text_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Planned(Protocol):
    """`version`: that in force, None before the first; `changes`: one sentence each."""

    @property
    def version(self) -> int | None: ...
    @property
    def changes(self) -> Sequence[str]: ...
    @property
    def changes_something(self) -> bool: ...


def plan(file: Path, planned: Callable[[Session, str, datetime], Planned], *, apply_with: str, first: str) -> None:
    """Changes nothing. `first`: what heads the changes where nothing was in force before."""
    from app.cli.opening import opened_database

    text = text_of(file)
    with opened_database() as database, database.reading() as session:
        found = planned(session, text, database.clock.now())
    _say(found, first)
    if found.changes_something:
        print(f"Do it: {apply_with} {file}")
        raise typer.Exit(CHANGES)


def apply(file: Path, applied: Callable[[Session, str, datetime], Planned], *, first: str) -> None:
    """All of it or nothing."""
    from app.cli.opening import opened_database

    text = text_of(file)
    with opened_database() as database, database.transaction() as session:
        found = applied(session, text, database.clock.now())
    _say(found, first)
    if found.changes_something:
        print("Done.")


def _say(found: Planned, first: str) -> None:
    if not found.changes:
        print("Nothing to change.")
        return
    print(first if found.version is None else f"version {found.version} → {found.version + 1}:")
    for change in found.changes:
        print(f"    {change}")

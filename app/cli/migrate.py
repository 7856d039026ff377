"""`moments migrate`: bring the database to this release's revision, or a step back.

Owns the command; app/migrations does the work.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


def migrate(
    direction: Annotated[Direction, typer.Argument(help="`up` to this release's revision, `down` towards an older one.")] = Direction.UP,
    to: Annotated[str, typer.Option(help="Stop at this revision; down without it goes one step, `base` empties the schema.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before going down, which can lose data.")] = False,
) -> None:
    """Bring the database up to date, or a step back."""
    from app.cli.opening import opened_keys
    from app.migrations import current, downgrade, upgrade

    with opened_keys(migrated=False) as (database, _):
        before, _ = current(database)
        if direction is Direction.UP:
            upgrade(database, to or "head")
        else:
            if not yes:
                typer.confirm("Going down drops tables and columns with what is in them. Go on?", abort=True)
            downgrade(database, to or "-1")
        after, newest = current(database)
    print(f"{before or 'empty'} -> {after or 'empty'}" + (" (newest)" if after == newest else ""))

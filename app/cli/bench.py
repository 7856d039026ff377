"""`moments bench`: the figures we claim, measured through the real processes.

Owns the command and the printing; app/cli/measuring.py takes the measurements.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class What(StrEnum):
    STARTUP = "startup"
    MOMENT = "moment"
    ALL = "all"


def bench(
    what: Annotated[What, typer.Argument(help="startup: help, server, demo memory. moment: from a fix to a visible offer.")] = What.ALL,
    shoppers: Annotated[int, typer.Option(min=1, max=2000, help="How many shoppers walk in.")] = 50,
    per_second: Annotated[float, typer.Option(min=0.1, max=100, help="How many of them each second.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Measure the figures we claim, on this machine."""
    from app.cli import measuring
    from app.cli.terminal import print_json

    figures: dict[str, float | int] = {}
    if what in (What.STARTUP, What.ALL):
        figures |= measuring.startup()
    if what in (What.MOMENT, What.ALL):
        figures |= measuring.moment(shoppers, per_second)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        limit = measuring.LIMITS.get(name)
        print(f"{name:<22} {value:>9}" + (f"   (to reach: {limit})" if limit is not None else ""))

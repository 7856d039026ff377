"""`moments usage`: what was used by the day, signed for whoever bills; and whether such a report is ours.

Owns the commands; the room notifications counts.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.cli.campaigns import text_of

program = typer.Typer(help="What was used by the day, signed for whoever bills.", no_args_is_help=True, rich_markup_mode=None)

NOT_OURS = 2
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day (UTC).")]


@program.command("report")
def report(first: Day = None, last: Day = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON, with its signature.")] = False) -> None:
    """Moments, coupons redeemed, messages and orders paid of each day; the last thirty unless named."""
    from app.cli.opening import opened_house
    from app.cli.terminal import print_json, print_table
    from notifications import facade as notifications

    with opened_house() as house, house.database.reading() as session:
        until = (last or house.clock.now()).date()
        found = notifications.metering.report(session, first.date() if first is not None else until - timedelta(days=29), until)
        counted = house.settings.metering.count
    if as_json:
        print_json(found)
        return
    rows = [(one.day, *one.units.values(), "closed" if one.closed else "open") for one in found.days if any(one.units.values())]
    print_table(("day", *(unit.replace("_", " ") for unit in found.totals), "state"), rows, empty="Nothing was used." if counted else "Nothing is counted: set MOMENTS_METERING__COUNT=true.")


@program.command("check")
def check(file: Annotated[Path, typer.Argument(help="A report as `moments usage report --json` or GET /v1/usage gives it.", metavar="FILE")]) -> None:
    """Say whether a report is as this house signed it. Exits with 2 if not."""
    from app.cli.opening import opened_house
    from app.kernel.errors import Invalid
    from notifications import facade as notifications

    try:
        told = json.loads(text_of(file))
    except ValueError:
        raise Invalid.field(str(file), "this is no JSON") from None
    with opened_house():
        ours = isinstance(told, dict) and notifications.metering.genuine(told)
    print("It is as this house signed it." if ours else "It is not as this house signed it.")
    if not ours:
        raise typer.Exit(NOT_OURS)

"""`moments cash`: a day's drawers, and whether the books of cash agree.

Owns the commands and their layout; the storefront reckons.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storefront.facade import at_drawer

program = typer.Typer(help="Cash: a day's drawers, and whether the books agree.", no_args_is_help=True, rich_markup_mode=None)

DISAGREE = 2
Day = Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="As the shop's clock has it; today unless named.")]
Place = Annotated[str | None, typer.Option("--place", help="The id of one store; all unless named.")]


@program.command("report")
def report(day: Day = None, place: Place = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Each drawer of a day with what went through it, what was expected and what was counted; and what is still owed."""
    from app.cli.terminal import print_json

    found = _found(day, place)
    if as_json:
        print_json(found.report)
        return
    _print(found.report)


@program.command("check")
def check() -> None:
    """Say what does not agree in the books of cash. Exits with 2 if something does not."""
    from app.cli.terminal import print_table

    found = _found(None, None)
    if found.drift:
        print_table(("what", "minor units"), list(found.drift.items()), empty="")
        raise typer.Exit(DISAGREE)
    print("The books of cash agree: every movement adds up to nothing, and claims and drawers are what the entries say.")


def _found(day: datetime | None, place: str | None) -> at_drawer.DayReport:
    from app.cli.opening import opened_house
    from storefront import facade as storefront

    with opened_house() as house, house.database.reading() as session:
        return storefront.at_drawer.report(session, house.settings.storefront, day.date() if day is not None else None, place, at=house.clock.now())


def _print(told: at_drawer.CashReport) -> None:
    from app.cli.terminal import cell, print_table
    from app.kernel.money import Money

    def shown(minor: int | None, currency: str) -> str:
        return Money(minor, currency).display() if minor is not None else ""

    rows = [
        (
            one.drawer.id, cell(one.drawer.place_id), one.drawer.kind, shown(one.drawer.float_minor, one.drawer.currency), shown(one.cash_minor.get("taken", 0), one.drawer.currency),
            shown(one.cash_minor.get("paid_back", 0), one.drawer.currency), shown(sum(one.terminal_minor.values()), one.drawer.currency),
            shown(one.drawer.expected_minor, one.drawer.currency), shown(one.drawer.counted_minor, one.drawer.currency),
            f"{shown(one.drawer.difference_minor, one.drawer.currency)} {one.drawer.why or ''}".strip(),
        )
        for one in told.drawers
    ]  # fmt: skip
    print(f"Cash of {told.day.isoformat()}")
    print_table(("drawer", "place", "kind", "float", "taken", "paid back", "terminal", "expected", "counted", "difference"), rows, empty="No drawer was opened.")
    for currency, (many, minor) in told.owed.items():
        print(f"Still owed: {shown(minor, currency)} for {many} {'order' if many == 1 else 'orders'}.")

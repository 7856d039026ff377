"""`moments revenue`: the terms with partners as a file, what each partner owes for a month, and closing it.

Owns the commands and their layout; the storefront reckons.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import plan_files
from app.cli.terminal import whoever_types

if TYPE_CHECKING:
    from storefront.contracts import revenue
    from storefront.facade import revenue as desk

program = typer.Typer(help="Revenue: terms with partners as a file, and their months.", no_args_is_help=True, rich_markup_mode=None)

DISAGREE = 2
File = Annotated[Path, typer.Argument(help="A file as `moments revenue export` writes it.", metavar="FILE")]
Period = Annotated[str | None, typer.Option("--period", help="A month such as 2026-11, as the shop's clock has it; this one unless named.")]
PartnerId = Annotated[str | None, typer.Option("--partner", help="The id of one partner; all unless named.")]


@program.command("export")
def export() -> None:
    """The terms in force as YAML, to keep, to change and to apply."""
    from app.cli.opening import opened_database
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        print(storefront.revenue.export(session), end="")


@program.command("plan")
def plan(file: File) -> None:
    """Say what applying FILE would change; changes nothing. Exits with 2 if it would change something, with 0 if not."""
    from storefront import facade as storefront

    plan_files.plan(file, lambda session, text, _at: storefront.revenue.plan(session, text), apply_with="moments revenue apply", first="The first terms:")


@program.command("apply")
def apply(file: File) -> None:
    """Put the terms in FILE in force, all of them or nothing. The same file again changes nothing."""
    from storefront import facade as storefront

    plan_files.apply(file, lambda session, text, at: storefront.revenue.apply(session, text, by=whoever_types(), at=at), first="The first terms:")


@program.command("report")
def report(
    period: Period = None, partner: PartnerId = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON, line by line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As a table, a row for each booking.")] = False,
) -> None:  # fmt: skip
    """What each partner owes for a month: as it was closed, else as it stands now."""
    from app.cli.terminal import print_json

    found = _month(period, partner)
    if as_json:
        print_json(found.statements)
    elif as_csv:
        from storefront import facade as storefront

        print(storefront.revenue.to_csv(found.statements), end="")
    else:
        _print(found.period, found.statements)
        _print_placements(found.placements)


@program.command("close")
def close(period: Annotated[str, typer.Argument(help="A month that is over, such as 2026-11.", metavar="PERIOD")]) -> None:
    """Close a month for every partner: nothing in it changes any more, and what is booked late stands in the next."""
    from app.cli.opening import opened_house
    from storefront import facade as storefront

    with opened_house() as house, house.database.transaction() as session:
        found = storefront.revenue.close(session, house.settings.storefront, period, by=whoever_types(), at=house.clock.now())
    _print(period, found)


@program.command("check")
def check() -> None:
    """Say what does not agree in the books with partners. Exits with 2 if something does not."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_table
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        drift = storefront.revenue.drift(session)
    if drift:
        print_table(("what", "minor units"), list(drift.items()), empty="")
        raise typer.Exit(DISAGREE)
    print("The books with partners agree: every movement adds up to nothing, and sold lines and statements are what the entries say.")


def _month(period: str | None, partner: str | None) -> desk.Month:
    from app.cli.opening import opened_house
    from storefront import facade as storefront

    with opened_house() as house, house.database.reading() as session:
        return storefront.revenue.month(session, house.settings.storefront, period, partner_id=partner, lines=True, at=house.clock.now())


def _print(period: str, found: list[revenue.Statement]) -> None:
    from app.cli.terminal import cell, print_table
    from app.kernel.money import Money

    def shown(minor: int, currency: str) -> str:
        return Money(minor, currency).display()

    rows = [
        (
            cell(one.partner_name), shown(one.commission_minor, one.currency), shown(one.placements_minor, one.currency), shown(one.total_minor, one.currency),
            f"closed {one.closed_at:%Y-%m-%d}" if one.closed_at is not None else "open",
        )
        for one in found
    ]  # fmt: skip
    print(f"Partners, {period}")
    print_table(("partner", "commission", "placements", "owes", "state"), rows, empty="Nothing was booked for a partner.")



def _print_placements(found: list[revenue.PlacementFigures]) -> None:
    from app.cli.terminal import print_table
    from app.kernel.money import Money

    rows = [(one.id, one.partner_id, one.product_id, one.views, one.clicks, Money(one.spent_minor, one.currency).display(), Money(one.budget_minor, one.currency).display()) for one in found]
    if rows:
        print_table(("placement", "partner", "product", "views", "clicks", "used up", "budget"), rows, empty="")

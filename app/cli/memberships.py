"""`moments memberships`: the plans as a file, what a change of it would do, who is a member, and looking at the provider now.

Owns the commands; the storefront owns plans and memberships.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import plan_files
from app.cli.terminal import whoever_types

program = typer.Typer(help="Memberships: the plans as a file, and who has one.", no_args_is_help=True, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(help="A file as `moments memberships export` writes it.", metavar="FILE")]


@program.command("export")
def export() -> None:
    """The plans in force as YAML, to keep, to change and to apply."""
    from app.cli.opening import opened_database
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        print(storefront.export_memberships(session), end="")


@program.command("plan")
def plan(file: File) -> None:
    """Say what applying FILE would change; changes nothing. Exits with 2 if it would change something, with 0 if not."""
    from storefront import facade as storefront

    plan_files.plan(file, lambda session, text, _at: storefront.plan_memberships(session, text), apply_with="moments memberships apply", first="The first plans:")


@program.command("apply")
def apply(file: File) -> None:
    """Put the plans in FILE in force, all of them or nothing. The same file again changes nothing."""
    from storefront import facade as storefront

    plan_files.apply(file, lambda session, text, at: storefront.apply_memberships(session, text, by=whoever_types(), at=at), first="The first plans:")


@program.command("list")
def listed(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Those that changed last: plan, state, until when it gives its benefits, and what was paid."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.kernel.money import Money
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        found = storefront.members(session, at=database.clock.now(), limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.id, one.plan_name, one.state, f"{one.gives_until:%Y-%m-%d}" if one.gives and one.gives_until else "–",
            Money(sum(i.amount_minor - i.refunded_minor for i in one.invoices if i.state == "paid"), one.currency).display(),
        )
        for one in found
    ]  # fmt: skip
    print_table(("membership", "plan", "state", "gives until", "paid"), rows, empty="Nobody is a member.")

"""`moments loyalty`: the programme as a file, and what a change of it would do.

Owns the commands; the storefront owns the programme.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import plan_files
from app.cli.terminal import whoever_types

program = typer.Typer(help="The loyalty programme: look at it, keep it as a file.", no_args_is_help=True, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(help="A file as `moments loyalty export` writes it.", metavar="FILE")]


@program.command("export")
def export() -> None:
    """The programme in force as YAML, to keep, to change and to apply."""
    from app.cli.opening import opened_database
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        print(storefront.export_loyalty(session), end="")


@program.command("plan")
def plan(file: File) -> None:
    """Say what applying FILE would change; changes nothing. Exits with 2 if it would change something, with 0 if not."""
    from storefront import facade as storefront

    plan_files.plan(file, lambda session, text, at: storefront.plan_loyalty(session, text, at=at), apply_with="moments loyalty apply", first="A new programme:")


@program.command("apply")
def apply(file: File) -> None:
    """Put the programme in FILE in force, all of it or nothing. Everybody is weighed anew. The same file again changes nothing."""
    from storefront import facade as storefront

    plan_files.apply(file, lambda session, text, at: storefront.apply_loyalty(session, text, by=whoever_types(), at=at), first="A new programme:")


@program.command("show")
def show(
    shopper_id: Annotated[str, typer.Argument(metavar="SHOPPER_ID", help="Whose.")], as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Where a shopper stands and why: points, tier, cards, challenges and gifts, as her own page says it."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        found = storefront.loyalty(session, shopper_id, at=database.clock.now())
    if as_json:
        print_json(found)
        return
    print(f"{found.points} points{'' if found.counted else '; she does not want anything counted'}")
    if found.tier is not None:
        print(f"Tier: {found.tier.name or 'none yet'}{f', kept until {found.tier.kept_until}' if found.tier.kept_until else ''}")
    rows = [(c.name, f"{c.have} of {c.needs}", c.full, c.says) for c in found.cards]
    rows += [(c.name, f"{c.have} of {c.count}", c.met, c.says) for c in found.challenges]
    print_table(("card or challenge", "now", "given", "rule"), rows, empty="No cards or challenges.")
    for gift in found.gifts:
        print(f"{gift.given_at:%Y-%m-%d} {gift.title}: {gift.text} ({gift.state})")

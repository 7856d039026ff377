"""`moments faq`: the questions often asked, as a file there and back.

Owns the commands. Must not decide what may be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

program = typer.Typer(help="Questions often asked: export, import.", no_args_is_help=True, rich_markup_mode=None)

BY, MOST_BYTES = "cli", 4 * 1024 * 1024


@program.command("export")
def export(csv: Annotated[bool, typer.Option("--csv", help="As a table, one line for each language.")] = False) -> None:
    """All entries, drafts too, on standard output."""
    from app.cli.opening import opened_house
    from notifications import facade as notifications

    faq = notifications.conversations.faq
    with opened_house() as house, house.database.reading() as session:
        found = faq.entries(session)
    print(faq.to_csv(found) if csv else faq.to_json(found), end="")


@program.command("import")
def import_faq(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON, or a table as `export --csv` writes it.")]) -> None:
    """All of a file, or none; entries it does not name stay."""
    from pydantic import ValidationError

    from app.cli.opening import opened_house
    from app.cli.reading import text_of
    from app.kernel.errors import FieldError, Invalid
    from notifications import facade as notifications

    faq = notifications.conversations.faq
    try:
        given = faq.FaqIn.model_validate(faq.of_text(text_of(file, MOST_BYTES)))
    except ValidationError as error:
        wrong = [FieldError(".".join(str(part) for part in one["loc"]), str(one["msg"])) for one in error.errors()[:10]]
        raise Invalid("; ".join(f"{one.field}: {one.remedy}" for one in wrong), fields=wrong) from None
    with opened_house() as house, house.database.transaction() as session:
        kept = faq.keep_all(session, given, by=BY, at=house.clock.now())
    print(f"{kept} kept")

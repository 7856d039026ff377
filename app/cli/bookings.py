"""`moments bookings`: when stores give services, as a file there and back, and how full the coming days are.

Owns the commands. Must not decide what may be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

program = typer.Typer(help="Services given at a time: export, import, what is taken.", no_args_is_help=True, rich_markup_mode=None)

MOST_BYTES = 4 * 1024 * 1024


@program.command("export")
def export() -> None:
    """Every service of every store, as the import takes it, on standard output."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        print_json(storefront.booking_desk.export(session))


@program.command("import")
def import_services(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON: {\"services\": [...]}; see docs/bookings.md.")]) -> None:
    """All of a file, or none; services it does not name stay, and what is booked stays booked."""
    from app.cli.opening import opened_database
    from app.cli.reading import json_of
    from storefront import facade as storefront

    document = json_of(file, MOST_BYTES)
    with opened_database() as database, database.transaction() as session:
        kept = storefront.booking_desk.put(session, document, at=database.clock.now())
    print(f"{kept} kept")


@program.command("show")
def show(
    days: Annotated[int, typer.Option(min=1, max=60, help="How many days, from today.")] = 7,
    product: Annotated[str, typer.Option(help="Of this service alone.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is taken of each coming time, by the store's clock. Nobody is named."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from storefront import facade as storefront

    desk = storefront.booking_desk
    with opened_database() as database, database.reading() as session:
        found = desk.given(session, database.clock.now(), days=days, product_id=product or None)
    rows = [(row.product, row.place, starts_at.astimezone(desk.zone_of(row)), taken, places) for row in found for starts_at, _, taken, places in row.times]
    if as_json:
        print_json([{"product": name, "place": place, "starts_at": at.isoformat(), "taken": taken, "places": places} for name, place, at, taken, places in rows])
    else:
        told = [(name, place, f"{at:%a %d %b %H:%M}", f"{taken} of {places}") for name, place, at, taken, places in rows]
        print_table(("service", "store", "when", "taken"), told, empty="no service is given at a time")

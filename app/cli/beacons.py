"""`moments beacons`: bring beacons and their zones in, list them.

Owns the commands; the room geofences owns beacons and says what is wrong with a file. No key is ever printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

program = typer.Typer(
    help="Beacons and their zones: import, list.", no_args_is_help=True, rich_markup_mode=None
)

MOST_BYTES = 64 * 1024 * 1024


@program.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help='CSV with a header, or JSON {"beacons": [...]}; see docs/algorithms/beacons.md.')
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import beacons. All or nothing: a wrong row is named, with the reason, and nothing is changed."""
    from app.cli.opening import opened_house
    from app.cli.reading import text_of
    from app.cli.terminal import print_json
    from geofences import facade as geofences

    text = text_of(file, MOST_BYTES)

    with opened_house() as house, house.database.transaction() as session:  # keys are sealed with the house's own
        report = geofences.import_beacons(session, text, is_csv=file.suffix.lower() != ".json", at=house.clock.now())
    if as_json:
        print_json(report)
        return
    print(f"{report.beacons} beacons in {report.zones} zones")
    for notice in report.notices:
        typer.echo(f"note: {notice}", err=True)


@program.command("list")
def list_beacons(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All beacons with their zones."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from geofences import facade as geofences

    with opened_database() as database, database.reading() as session:
        found = geofences.beacons(session)
    if as_json:
        print_json(found)
        return
    zones = {z["id"]: z for z in found["zones"]}
    rows = [
        (
            b["id"],
            zones[b["zone_id"]]["place_id"],
            zones[b["zone_id"]]["name"],
            zones[b["zone_id"]]["floor"],
            b["kind"],
            b["identity"] or "rotating",
            b["address"],
        )
        for b in found["beacons"]
    ]
    print_table(
        ("id", "place", "zone", "floor", "kind", "identity", "address"),
        rows,
        empty="No beacons yet; bring some in with: moments beacons import FILE",
    )

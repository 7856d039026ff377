"""`moments places`: bring stores and their fences in, list them.

Owns the commands; the room geofences owns places and says what is wrong with a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import sensitive

program = typer.Typer(help="Stores and their fences: import GeoJSON, list.", no_args_is_help=True, rich_markup_mode=None)
program.add_typer(sensitive.program, name="sensitive")

MOST_BYTES = 64 * 1024 * 1024


@program.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="RFC 7946 GeoJSON: Point with radius_m, Polygon, MultiPolygon, LineString with buffer_m.")],
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import places and fences. All or nothing: a wrong feature is named, with the reason, and nothing is changed."""
    from app.cli.opening import opened_database
    from app.cli.reading import json_of
    from app.cli.terminal import print_json
    from geofences import facade as geofences

    document = json_of(file, MOST_BYTES)
    with opened_database() as database, database.transaction() as session:
        report = geofences.import_geojson(session, document, at=database.clock.now())
    if as_json:
        print_json(report)
        return
    print(report)


@program.command("list")
def list_places(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All places."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from geofences import facade as geofences

    with opened_database() as database, database.reading() as session:
        found = geofences.places(session)
    if as_json:
        print_json(found)
        return
    rows = [(p.id, p.name, p.kind, p.chain, p.timezone) for p in found]
    print_table(("id", "name", "kind", "chain", "time zone"), rows, empty="No places yet; bring some in with: moments places import FILE.geojson")


@program.command("shelf-code")
def shelf_code(
    place: Annotated[str, typer.Argument(help="The place's id (moments places list).")],
    label: Annotated[str, typer.Option(help="Which shelf: letters, digits, - and _, at most 40.")] = "",
    svg: Annotated[Path | None, typer.Option(help="Write the QR code to be printed into this file.")] = None,
) -> None:
    """The link behind the QR code to print for a shelf. It can be copied: what it proves opens small values only."""
    from app.cli.opening import opened_keys
    from app.kernel.errors import Invalid
    from app.settings import load_settings
    from geofences import facade as geofences

    if len(label) > 40 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in label):
        raise Invalid.field("--label", "letters, digits, - and _, at most 40")
    with opened_keys() as (database, _), database.reading() as session:
        if geofences.place(session, place) is None:
            raise Invalid.field("PLACE", "no such place; see: moments places list")
        code, _ = geofences.place_code(place, database.clock.now(), kind="printed_code", label=label)
    link = f"{load_settings().base_url()}/m/here?code={code}"
    if svg is not None:
        from app.web.shopper.qr import qr_svg

        svg.write_text(qr_svg(link), encoding="utf-8")
    typer.echo(link)

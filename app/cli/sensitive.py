"""`moments places sensitive`: places near which nothing may happen; what is kept from them.

Owns the commands; the room geofences owns the rules and says what is wrong with a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

program = typer.Typer(help="Health care and other sensitive places: import, rules, what is refused.", no_args_is_help=True, rich_markup_mode=None)

MOST_BYTES = 256 * 1024 * 1024


@program.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="GeoJSON FeatureCollection with OpenStreetMap tags as properties.")],
    jurisdiction: Annotated[str, typer.Option(help="ISO 3166 (US-WA, FI) of places that do not say theirs.")] = "",
    source: Annotated[str, typer.Option(help="Whose list this is.")] = "osm",
    replace: Annotated[bool, typer.Option("--replace", help="Places of this source that the file no longer has go.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import sensitive places, all or nothing. Places of yours that are too near are refused from then on, and visits there deleted."""
    from app.cli.opening import opened_keys
    from app.cli.reading import json_of
    from app.cli.terminal import print_json, whoever_types
    from app.security.audit import journal
    from geofences import facade as geofences

    document = json_of(file, MOST_BYTES)
    with opened_keys() as (database, _), database.transaction() as session:
        at = database.clock.now()
        report = geofences.import_sensitive(session, document, at=at, source=source, jurisdiction=jurisdiction, replace=replace)
        journal.note(session, "sensitive_places.imported", by=whoever_types(), at=at, detail={"source": source, "jurisdiction": jurisdiction, "replace": replace})
    if as_json:
        print_json(report)
        return
    print(report)


@program.command("rules")
def rules(
    jurisdiction: Annotated[str | None, typer.Option(help="Set: where places stand that do not say it (ISO 3166; '' for unknown: every law holds).")] = None,
    health_m: Annotated[float | None, typer.Option("--health-m", help="Set: metres kept from health care where no law asks for more.")] = None,
    other_m: Annotated[float | None, typer.Option("--other-m", help="Set: the same for other sensitive places.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """How far from which kind of place every fence must stay today, and which rule says so; with options, set what this house keeps."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json, print_table, whoever_types
    from app.security.audit import journal
    from geofences import facade as geofences

    with opened_keys() as (database, _):
        if (jurisdiction, health_m, other_m) != (None, None, None):
            with database.transaction() as session:
                geofences.choose_distances(session, jurisdiction=jurisdiction, health_m=health_m, other_m=other_m)
                chosen = {"jurisdiction": jurisdiction, "health_m": health_m, "other_m": other_m}
                journal.note(session, "sensitive_places.rules_set", by=whoever_types(), at=database.clock.now(), detail=chosen)
        with database.reading() as session:
            found = geofences.distances_kept(session)
    if as_json:
        print_json(found)
        return
    rows = [(k["kind"], f"{k['distance_m']:g} m", k["since"], k["source"]) for k in found["kinds"]]
    print_table(("kind", "distance", "since", "rule"), rows, empty="No kinds.")


@program.command("refused")
def refused(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Places at which nothing may happen today, and why."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from geofences import facade as geofences

    with opened_database() as database, database.reading() as session:
        found = dict(geofences.refused_places(session))
        names = {i: place.name for i, place in geofences.places_by_ids(session, list(found)).items()}
    if as_json:
        print_json(found)
        return
    rows = [(i, names.get(i, ""), str(why)) for i, why in found.items()]
    print_table(("id", "name", "why"), rows, empty="No place is too near a sensitive one.")

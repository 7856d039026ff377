"""`moments replay`: recorded tracks through the real detector.

Parses, calls the facade of geofences, prints. Owns no rule.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def replay(
    fences: Annotated[
        Path | None, typer.Option("--fences", help="GeoJSON of the fences: Point with radius_m, Polygon, MultiPolygon, LineString with buffer_m.")
    ] = None,
    fixes: Annotated[
        list[Path] | None,
        typer.Option("--fixes", help="A .csv, .csv.gz, .gpx or .ndjson file, or a folder of them; may be given again."),
    ] = None,
    sightings: Annotated[
        list[Path] | None,
        typer.Option(
            "--sightings",
            help="Beacons heard: .csv, .csv.gz (ts_ms, rssi, uuid, major, minor, mac) or .ndjson; may be given again.",
        ),
    ] = None,
    beacons: Annotated[
        Path | None,
        typer.Option(
            "--beacons", help="Their zones, as `moments beacons import` takes them; without it each address is one."
        ),
    ] = None,
    sensitive: Annotated[
        Path | None,
        typer.Option("--sensitive", help="GeoJSON of sensitive places, as `moments places sensitive` takes it: no visit near one is told, as in the running house."),
    ] = None,
    jurisdiction: Annotated[
        str, typer.Option("--jurisdiction", help="Where those lie that do not say so, such as US-WA: whose law holds. Without it the strictest.")
    ] = "",
    more: Annotated[
        list[Path] | None,
        typer.Argument(help="Further files of fixes (of sightings where there are none).", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="NDJSON on standard output: one transition or visit a line.")
    ] = False,
) -> None:
    """Detect visits on your own recordings: tracks, beacons heard."""
    from app.kernel.clock import SystemClock
    from app.kernel.errors import AppError
    from geofences import facade

    found: list[Any] = []
    try:
        if fixes or not sightings:
            if fences is None or not fixes:
                raise typer.BadParameter("give --fences and --fixes, or --sightings")
            found.append(facade.replay(fences, [*fixes, *(more or [])], (sensitive, jurisdiction, SystemClock().now()) if sensitive else None))
        if sightings:
            found.append(facade.replay_sightings([*sightings, *([] if fixes else more or [])], beacons))
    except AppError as error:
        typer.echo(f"moments replay: {error.detail}", err=True)
        raise typer.Exit(2) from None
    for notice in [n for f in found for n in f.notices]:
        typer.echo(f"note: {notice}", err=True)
    try:
        if as_json:
            for row in (row for f in found for row in f.rows):
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            sys.stdout.flush()
            return
        if fixes:
            _print_tables(list(found[0].rows))
        if sightings:
            _print_zones(list(found[-1].rows))
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
        raise typer.Exit(0) from None


def _print_zones(rows: list[dict[str, Any]]) -> None:
    from app.cli.terminal import print_table

    told = [
        (
            r["device"],
            r["zone"],
            r["kind"],
            r["at"][:19].replace("T", " "),
            f"{r['dwell_s'] // 60}:{r['dwell_s'] % 60:02d}",
            r["why"],
            f"{r['confidence']:.2f}",
        )
        for r in rows
    ]
    print_table(
        ("device", "zone", "what", "at (UTC)", "dwell", "why", "confidence"), told, empty="No zone was entered."
    )


def _print_tables(rows: list[dict[str, Any]]) -> None:
    from app.cli.terminal import print_table

    visits = [
        (
            v["device"],
            v["fence"],
            v["started_at"][:19].replace("T", " "),
            v["ended_at"][:19].replace("T", " "),
            f"{v['dwell_s'] // 60}:{v['dwell_s'] % 60:02d}",
            v["ended_by"],
            f"{v['confidence']:.2f}",
        )
        for v in rows
        if v["type"] == "visit"
    ]
    columns = ("device", "fence", "from (UTC)", "to", "dwell", "ended by", "confidence")
    print_table(columns, visits, empty="No visits on these tracks.")
    kinds: dict[str, int] = {}
    for r in rows:
        if r["type"] == "transition":
            kinds[r["kind"]] = kinds.get(r["kind"], 0) + 1
    print("transitions: " + (", ".join(f"{n} {k}" for k, n in sorted(kinds.items())) or "none"))

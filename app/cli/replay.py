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
        Path, typer.Option("--fences", help="GeoJSON of the fences: Point with radius_m, Polygon, MultiPolygon.")
    ],
    fixes: Annotated[
        list[Path],
        typer.Option("--fixes", help="A .csv, .csv.gz, .gpx or .ndjson file, or a folder of them; may be given again."),
    ],
    more: Annotated[list[Path] | None, typer.Argument(help="Further files of fixes.", show_default=False)] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="NDJSON on standard output: one transition or visit a line.")
    ] = False,
) -> None:
    """Detect visits on recorded tracks of your own."""
    from app.kernel.errors import AppError
    from geofences import facade

    try:
        found = facade.replay(fences, [*fixes, *(more or [])])
    except AppError as error:
        typer.echo(f"moments replay: {error.detail}", err=True)
        raise typer.Exit(2) from None
    for notice in found.notices:
        typer.echo(f"note: {notice}", err=True)
    try:
        if as_json:
            for row in found.rows:
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            _print_tables(list(found.rows))
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
        raise typer.Exit(0) from None


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

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
    from rich.console import Console
    from rich.table import Table

    visits = [r for r in rows if r["type"] == "visit"]
    table = Table(title=f"{len(visits)} visits (UTC; + still open where the recording ends)", title_justify="left")
    for column in ("device", "fence", "from", "to", "dwell", "confidence"):
        table.add_column(
            column,
            justify="right" if column in ("dwell", "confidence") else "left",
            no_wrap=column != "device",
            overflow="fold",
        )
    for v in visits:
        until = v["ended_at"][11:19] + ("+" if v["open"] else "")
        minutes, seconds = divmod(v["dwell_s"], 60)
        table.add_row(
            v["device"],
            v["fence"],
            v["started_at"][:19].replace("T", " "),
            until,
            f"{minutes}:{seconds:02d}",
            f"{v['confidence']:.2f}",
        )
    console = Console()
    console.print(table)
    kinds: dict[str, int] = {}
    for r in rows:
        if r["type"] == "transition":
            kinds[r["kind"]] = kinds.get(r["kind"], 0) + 1
    console.print("transitions: " + (", ".join(f"{n} {k}" for k, n in sorted(kinds.items())) or "none"))

"""`moments evaluate visits`: how well detected visits agree with annotated stays.

Parses, calls the facade of geofences, prints. Owns no rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

program = typer.Typer(help="Score detection against annotated data.", no_args_is_help=True, rich_markup_mode=None)


@program.command("visits")
def evaluate_visits(
    folder: Annotated[
        Path, typer.Argument(help="A folder with fences.geojson, truth_stays.csv, truth_legs.csv and tracks/.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Replay the tracks of a folder and compare the visits with its annotated stays; raw point-in-polygon stands beside."""
    from app.cli.terminal import print_json, print_table
    from geofences import facade

    figures = facade.evaluate_visits(folder)
    if as_json:
        print_json(figures)
        return
    rows = [
        (
            name,
            group,
            f["stays"],
            f["stays_with_any_fix"],
            f["exactly_one_visit"],
            f["several_visits"],
            f["precision_of_10_min"],
            f["arrival_error_p50_s"],
            f["arrival_error_p90_s"],
        )
        for name, groups in figures.items()
        for group, f in groups.items()
    ]
    print_table(
        ("by", "phones", "stays", "observed", "one visit", "several", "precision", "arrival p50", "p90"),
        rows,
        empty="No tracks.",
    )

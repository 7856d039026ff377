"""`moments evaluate visits|beacons`: how well detected visits, and positions from beacons, agree with annotated truth.

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
    perturb: Annotated[
        int, typer.Option(min=0, max=1000, help="So many times with tracks made worse too: thinned, noisy, with gaps, ...")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Replay the tracks of a folder and compare the visits with its annotated stays; raw point-in-polygon stands beside."""
    from app.cli.terminal import print_json, print_table
    from geofences import facade

    figures = facade.evaluate_visits(folder, rounds=perturb)
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
            f"{f['exactly_one_share']:.0%}",
            f"{f['exactly_one_share_of_observed']:.0%}",
            f["several_visits"],
            f["precision_of_10_min"],
            f["arrival_error_p50_s"],
            f["arrival_error_p90_s"],
        )
        for name, groups in figures.items()
        for group, f in groups.items()
    ]
    print_table(
        ("by", "phones", "stays", "observed", "one visit", "of all", "of observed", "several", "precision", "arrival p50", "p90"),
        rows,
        empty="No tracks.",
    )


@program.command("beacons")
def evaluate_beacons(
    folder: Annotated[
        Path, typer.Argument(help="A folder of SITE_FLOOR/ folders: waypoints.csv, beacons.csv.gz, map.geojson.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Learn a radio map from two thirds of the walks, follow the third held out; the weighted centroid stands beside."""
    from app.cli.terminal import print_json, print_table
    from geofences import facade

    figures = facade.evaluate_beacons(folder)
    if as_json:
        print_json(figures)
        return
    rows: list[tuple[object, ...]] = []
    for site, found in figures["sites"].items():
        methods = {"locator": found["locator"], "weighted centroid": found["weighted_centroid"]}
        methods |= {"locator, nothing heard too": found["locator_all_windows"]}
        methods |= {f"locator on {floor}": f for floor, f in found["by_floor"].items()}
        rows += [
            (site, name, f["windows"], f["floor_right_share"], f["error_p50_m"], f["error_p75_m"], f["error_p90_m"])
            for name, f in methods.items()
        ]
    print_table(("site", "by", "windows", "floor right", "error p50 m", "p75", "p90"), rows, empty="No walks.")

"""`moments evaluate visits|beacons|spoof`: how well detected visits, and positions from beacons, agree with truth; how made-up tracks are found.

Parses, calls the facade of geofences, prints. Owns no rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
        later = f"locator, {figures['later_s']:g} s later"
        methods = {"locator, at once": found["locator"], later: found["locator_later"], "weighted centroid": found["weighted_centroid"]}
        methods |= {"locator, nothing heard too": found["locator_all_windows"]}
        methods |= {f"locator on {floor}": f for floor, f in found["by_floor"].items()}
        rows += [
            (site, name, f["windows"], f["floor_right_share"], f["error_p50_m"], f["error_p75_m"], f["error_p90_m"])
            for name, f in methods.items()
        ]
    print_table(("site", "by", "windows", "floor right", "error p50 m", "p75", "p90"), rows, empty="No walks.")


@program.command("spoof")
def evaluate_spoof(
    folder: Annotated[
        Path, typer.Argument(help="A folder of genuine tracks (or with tracks/ in it): CSV, GPX or NDJSON, manifest.csv if any.")
    ],
    rounds: Annotated[
        int, typer.Option(min=1, max=100, help="So many attacks of each kind for each genuine stretch.")
    ] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other attacks.")] = 1,
    calibrate: Annotated[
        Path | None, typer.Option(help="Instead of scoring: find the weights on this folder's people and write them here.")
    ] = None,
    also: Annotated[list[Path] | None, typer.Option(help="With --calibrate: more folders.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Make attacks of genuine tracks and score how many are found, and how many genuine stretches are suspected."""
    import json

    from app.cli.terminal import print_json
    from geofences import facade

    if calibrate is not None:
        document = facade.evaluate_spoof(folder, rounds=rounds, seed=seed, calibrating=also or [])
        calibrate.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        typer.echo(f"{calibrate}: {document['genuine_stretches']} genuine and {document['made_up_stretches']} made-up stretches")
        return
    figures = facade.evaluate_spoof(folder, rounds=rounds, seed=seed)
    if as_json:
        print_json(figures)
        return
    _print_spoof(figures)


def _print_spoof(figures: dict[str, Any]) -> None:
    from app.cli.terminal import print_table

    def share(row: dict[str, Any]) -> tuple[str, str, str]:
        if row["share"] is None:
            return "-", "-", "-"
        return f"{row['share']:.2%}", f"{row['low']:.1%} to {row['high']:.1%}", f"{row['asked']:.0%}" if row.get("asked") else "-"

    def words(counts: dict[str, int]) -> str:
        return ", ".join(f"{name} {count}" for name, count in counts.items()) or "-"

    seen = figures["people_calibrated_on"]
    typer.echo(f"{figures['tracks']} tracks of {figures['people']} people; each judged by {figures['judged_by']}")
    typer.echo(f"calibrated on other tracks of: {', '.join(seen) or 'nobody here'}")
    typer.echo(f"\nGenuine stretches taken for made up (at most {figures['most_false_positives']:.0%} asked)")
    rows = [(r["of"], r["stretches"], r["judged"], r["suspect"], *share(r)[:2], words(r["doubts"])) for r in figures["genuine"] + figures["by_person"]]
    print_table(("who", "stretches", "judged", "suspect", "share", "95 %", "doubts"), rows, empty="No genuine track.")
    typer.echo("\nAttacks found")
    rows = [(r["of"], r["stretches"], r["suspect"], *share(r), words(r["doubts"]), words(r["spoke_most"])) for r in figures["attacks"] + figures["by_interval"]]
    print_table(("attack", "made", "found", "share", "95 %", "asked", "doubts", "spoke most"), rows, empty="No attack.")
    typer.echo("\nReplays found by their prints")
    rows = [(r["of"], r["traces"], r["found"], *share(r)) for r in figures["replays"]]
    print_table(("traces", "told", "found", "share", "95 %", "asked"), rows, empty="No trace.")
    for notice in figures["notices"]:
        typer.echo(notice, err=True)

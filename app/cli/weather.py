"""`moments weather`: forecasts and calendars that campaigns ask about.

Owns the commands; the room offers owns what is known and says what is wrong with a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

program = typer.Typer(help="Forecasts and holidays: import, show.", no_args_is_help=True, rich_markup_mode=None)

MOST_BYTES = 64 * 1024 * 1024


@program.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="JSON with areas, forecasts and calendars; see docs/algorithms/weather.md.")],
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import recorded forecasts and calendars. All or nothing: what is wrong is named, and nothing is changed."""
    from app.cli.opening import opened_database
    from app.cli.reading import json_of
    from app.cli.terminal import print_json
    from offers import facade as offers

    document = json_of(file, MOST_BYTES)
    with opened_database() as database, database.transaction() as session:
        report = offers.import_outside(session, document)
    if as_json:
        print_json(report)
        return
    print(f"{report.areas} areas, {report.forecasts} days of forecasts, {report.calendars} calendars with {report.special_days} days")


@program.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """What a decision would go by now: the days ahead of each area, and the next special days of each region."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        found = offers.outside_known(session, database.clock.now())
    if as_json:
        print_json(found)
        return
    rows = [(area["name"], *_day(day)) for area in found["areas"] for day in area["days"]]
    print_table(("area", "day", "warmest", "rain", "clouds", "from", "known since"), rows, empty="No forecast is known; bring some in with: moments weather import FILE.json")
    for area in found["areas"]:
        if area["trouble"]:
            print(f"{area['name']}: the last look at the service met: {area['trouble']}")
    days = [(c["region"], day["day"], day["title"].get("en") or day["name"], day["name"], "yes" if day["holiday"] else "") for c in found["calendars"] for day in c["days"]]
    if days:
        print()
        print_table(("region", "day", "called", "name for campaigns", "holiday"), days, empty="")
    for calendar in found["calendars"]:
        print(f"The calendar of {calendar['region']} is whole from {calendar['first_day']} to {calendar['last_day']}.")


def _day(day: dict[str, Any]) -> tuple[str, ...]:
    clouds = "" if day["cloud_pct"] is None else f"{day['cloud_pct']} %"
    return day["day"], f"{day['high_c']:g} °C", f"{day['rain_mm']:g} mm", clouds, day["source"], f"{day['known_at']:%Y-%m-%d %H:%M} UTC"

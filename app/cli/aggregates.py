"""`moments aggregates`: where people are, and what is left of the month's privacy budget.

Owns the commands and their layout; app/analytics counts. Must not show a cell that fewer than twenty people stand behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

program = typer.Typer(help="Numbers about crowds: heat map, privacy budget.", no_args_is_help=True, rich_markup_mode=None)


@program.command("heat")
def heat(
    since: Annotated[datetime | None, typer.Option(help="UTC; default 30 days ago.")] = None,
    resolution: Annotated[int, typer.Option(help="H3 resolution, 5 to 9.")] = 8,
    epsilon: Annotated[float | None, typer.Option(help="With noise of this epsilon, paid from the month's budget.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """People by cell of the map, at least twenty in each; whole days up to yesterday."""
    from datetime import UTC, timedelta

    from app.analytics import heat as counting
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.settings import load_settings

    most = load_settings().privacy.aggregate_budget_epsilon
    with opened_database() as database, database.transaction() as session:
        now = database.clock.now()
        begin = since.replace(tzinfo=UTC) if since is not None else now - timedelta(days=30)
        found = counting.heat(session, since=begin, at=now, resolution=resolution, epsilon=epsilon, budget_epsilon=most)
    if as_json:
        print_json(found)
        return
    print_table(("cell", "people"), [(c.cell, c.people) for c in found.cells], empty="No cell that enough people stand behind.")


@program.command("budget")
def budget(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """What was asked with noise, month by month, and how much a month may hold."""
    from app.analytics import heat as counting
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.settings import load_settings

    most = load_settings().privacy.aggregate_budget_epsilon
    with opened_database() as database, database.reading() as session:
        spent = counting.spent(session)
    if as_json:
        print_json({"epsilon_a_month": most, "spent": list(spent)})
        return
    rows = [(s["dataset"], s["month"], f"{s['epsilon_spent']:g}", f"{max(0.0, most - s['epsilon_spent']):g}") for s in spent]
    print_table(("dataset", "month", "spent", "left"), rows, empty=f"Nothing asked yet; {most:g} a month.")

"""`moments decisions replay` and `moments simulate`: decide again what was decided, or what might have been.

Owns the commands and their layout; the room offers recomputes. Must not weigh anything itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offers.contracts import Cell, Simulation

program = typer.Typer(help="Decisions: replay one from what was stored.", no_args_is_help=True, rich_markup_mode=None)


@program.callback()
def decisions() -> None:
    """Keeps `replay` a command of its own while it is the only one."""


@program.command("replay")
def replay(
    decision_id: Annotated[str, typer.Argument(metavar="DECISION", help="The id of a decision; `moments explain` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON: {decision_id, equal, stored, recomputed}.")] = False,
) -> None:
    """Recompute a decision from its stored inputs: byte for byte the same, or exit code 1."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        stored, again = offers.replay_decision(session, decision_id)
    equal = stored == again
    if as_json:
        print_json({"decision_id": decision_id, "equal": equal, "stored": stored, "recomputed": again})
    elif equal:
        print(f"{decision_id}: recomputed from what was stored, the same byte for byte ({len(stored.encode())} bytes)")
    else:
        at = next((n for n, (a, b) in enumerate(zip(stored, again, strict=False)) if a != b), min(len(stored), len(again)))
        print(f"{decision_id}: NOT the same; the stored decision or its inputs were changed. They part at character {at}:")
        print(f"  stored      ...{stored[max(0, at - 40) : at + 60]}")
        print(f"  recomputed  ...{again[max(0, at - 40) : at + 60]}")
    if not equal:
        raise typer.Exit(1)


DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def simulate(
    campaign_id: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="An id of `moments campaigns list`, of any state.")],
    since: Annotated[datetime, typer.Option("--from", formats=DATES, help="The first day, or instant (UTC).")],
    until: Annotated[datetime, typer.Option("--to", formats=DATES, help="The day, or instant (UTC), before which it ends.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what a campaign would have done, had it been live.

    The stored moments are decided again: how many would have got it, how many not and why, and what it would have cost. No
    count is shown that fewer than 20 shoppers stand behind.
    """
    from app.cli.opening import opened_house
    from app.cli.terminal import print_json
    from offers import facade as offers

    with opened_house() as house, house.database.reading() as session:
        found = offers.simulate(
            session,
            campaign_id,
            since=since.replace(tzinfo=UTC),
            until=until.replace(tzinfo=UTC),
            at=house.clock.now(),
            fewer_mute_s=house.settings.offers.fewer_mute_s,
        )
    if as_json:
        print_json(found)
    else:
        _print_simulation(found)


def _print_simulation(found: Simulation) -> None:
    from app.kernel.money import Money

    print(f"“{found.campaign_name}” (version {found.campaign_version}), {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC")
    print(f"  weighed   {_cell(found.weighed)}")
    print(f"  offered   {_cell(found.offered)}")
    for reason in found.reasons:
        print(f"  - {reason.text:<28} {_cell(reason.count)}")
    if found.rare_reasons:
        print("  - other reasons                too few shoppers each to be counted here")
    if found.cost_most_minor is not None and found.cost_likely_minor is not None:
        most, likely = (Money(m, found.currency).display() for m in (found.cost_most_minor, found.cost_likely_minor))
        print(f"  cost      at most {most}; {likely} if as many are used as so far")


def _cell(cell: Cell) -> str:
    if cell.moments is None:
        return "not shown: too few shoppers, or nearly all of them"
    return f"{cell.moments} moments of {cell.shoppers} shoppers"

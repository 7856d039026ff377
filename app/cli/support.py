"""`moments support`: cases that wait, one of them, and how many were answered and solved in time.

Owns the commands and their layout. Must not decide, and shows nothing of what was said but to an operator at the machine, which is written down.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

program = typer.Typer(help="Support: cases, their promises, figures.", no_args_is_help=True, rich_markup_mode=None)

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The id of a case, such as cas_01k...")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@program.command("list")
def list_cases(every: Annotated[bool, typer.Option("--every", help="Also those that wait for the shopper.")] = False, as_json: Json = False) -> None:
    """What waits for us, the nearest promise first."""
    from app.cli.opening import opened_house
    from app.cli.terminal import print_json, print_table
    from notifications import facade as notifications

    with opened_house() as house, house.database.reading() as session:
        found = notifications.support.queue(session, house.clock.now(), house.support.take_over_after_s, every=every)
    if as_json:
        print_json(found)
        return
    rows = [(row.id, row.category.value, row.priority.value, row.state.value, f"{row.due_at:%Y-%m-%d %H:%M}{' LATE' if row.late else ''}" if row.due_at else "", row.claimed_by or "") for row in found]
    print_table(("case", "about", "priority", "stands", "due (UTC)", "with"), rows, empty="Nothing waits.")


@program.command("show")
def show(case_id: CaseId, as_json: Json = False) -> None:
    """One case with all that is in it; the look stands in the audit log."""
    from app.cli.opening import opened_house
    from app.cli.terminal import cell, print_json, print_table
    from app.security.principals import Principal, Role
    from notifications import facade as notifications

    with opened_house() as house, house.database.reading() as session:
        looker = Principal(Role.OPERATOR, "cli")
        found = notifications.support.file(session, case_id, house.support.settings, by=looker, at=house.clock.now(), take_over_after_s=house.support.take_over_after_s)
    if as_json:
        print_json(found)
        return
    print(f"{found.case.id}: {cell(found.case.subject)} ({found.case.category}, {found.queued.priority}, {found.case.state})")
    print_table(("at (UTC)", "by", "kind", "words"), [(f"{e.at:%Y-%m-%d %H:%M}", e.who or e.by.value, e.kind.value, cell(e.text)) for e in found.case.entries], empty="")


@program.command("figures")
def figures(days: Annotated[int, typer.Option("--days", min=1, max=365, help="Of the cases opened in so many days.")] = 30, as_json: Json = False) -> None:
    """Opened, answered, solved, late; and how content people were, where enough have said."""
    from app.cli.opening import opened_house
    from app.cli.terminal import print_json
    from notifications import facade as notifications

    with opened_house() as house, house.database.reading() as session:
        until = house.clock.now()
        found = notifications.support.figures(session, since=until - timedelta(days=days), until=until)
    if as_json:
        print_json(found)
        return
    content = f"{(found.stars_average_tenths or 0) / 10:.1f} of 5, from {found.rated}" if found.rated else found.suppressed
    print(f"opened {found.opened}, answered {found.answered} ({found.late_answers} late), solved {found.solved} ({found.late_solutions} late); content: {content}")

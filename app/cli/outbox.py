"""`moments outbox`: events whose delivery was given up, and giving them another try.

Owns the commands; app/kernel/outbox.py owns the rows.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="Events that could not be delivered: list them, retry them.", no_args_is_help=True, rich_markup_mode=None)

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


@program.command("list")
def list_dead(limit: Limit = 100, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Dead letters, oldest first: deliveries that failed as often as they are tried."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.kernel.outbox import dead_letters

    with opened_database() as database, database.reading() as session:
        found = dead_letters(session, limit)
    if as_json:
        print_json(found)
        return
    rows = [(d.event_id, d.type, d.consumer, d.attempts, d.last_error, d.created_at) for d in found]
    print_table(("event", "type", "consumer", "attempts", "last error", "made"), rows, empty="No dead letters: everything was delivered.")


@program.command("retry")
def retry(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="An event id of `moments outbox list`, or `all`.")],
    consumer: Annotated[str, typer.Option(help="Only this consumer's delivery.")] = "",
) -> None:
    """Make dead deliveries due again, with all their attempts. A running server picks them up within a second."""
    from app.cli.opening import opened_database
    from app.kernel.errors import NotFound
    from app.kernel.outbox import dead_letters, retry_dead

    with opened_database() as database, database.transaction() as session:
        ids = list(dict.fromkeys(d.event_id for d in dead_letters(session, 10_000))) if event_id == "all" else [event_id]
        revived = sum(retry_dead(session, each, consumer or None) for each in ids)
    if not revived and event_id != "all":
        raise NotFound(f"EVENT_ID: {event_id} has no dead delivery; `moments outbox list` shows those there are")
    print(f"{revived} due again")

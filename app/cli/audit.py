"""`moments audit`: the log of refusals, looks and acts, and whether anybody has been at it.

Owns the commands; app/security/audit keeps the log.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="The log of refusals, looks and acts.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
TOLD = {
    "changed": "entry {seq} was changed after it was written",
    "missing": "entry {seq} is missing",
    "unlinked": "entry {seq} does not follow the one before it: that one was changed and hashed anew, or put in its place",
    "cut_off": "the log was cut off: entry {seq} and what followed are gone, or were written by somebody else",
    "anchor_damaged": "audit_head.json was changed: by its mark it is not the house's",
    "anchor_missing": "audit_head.json is gone: whether the newest entries are there cannot be told",
}


@program.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Follow the chain of all entries, hold it against its head and the anchor outside the database, and name the first that is wrong."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json
    from app.security.audit import journal

    with opened_keys() as (database, data_dir), database.reading() as session:
        found = journal.verify_all(session, data_dir, database.clock.now())
    if as_json:
        print_json(found)
    elif found.broken is None:
        print(f"{found.entries} entries, all as they were written" + (f"; anchored at {found.anchored_seq}" if found.anchored_seq else ""))
    else:
        print(TOLD[found.broken.what].format(seq=found.broken.seq))
    if found.broken is not None:
        raise typer.Exit(1)


@program.command("list")
def list_entries(
    kind: Annotated[str | None, typer.Option(help="Only this kind, or this family: policy, looked_at, campaign, api_key, ...")] = None,
    about: Annotated[str | None, typer.Option(metavar="SHOPPER", help="Only what concerns this shopper.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest entries."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json, print_table
    from app.security.audit import journal

    with opened_keys() as (database, _), database.reading() as session:
        found = journal.entries(session, kind=kind, about=about, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(e.seq, e.at, e.kind, e.actor, (e.subject_hash or "")[:12], e.detail) for e in found]
    print_table(("entry", "at", "kind", "by", "about", "detail"), rows, empty="nothing is in the log yet")

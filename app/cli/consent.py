"""`moments consent verify|show|adult`: whether the chains of consent records are whole, what one shopper had agreed to and when.

Owns the commands; app/privacy does the work. What `show` prints is personal data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.decisions import DATES

program = typer.Typer(help="Consent records: check the chains, show one.", no_args_is_help=True, rich_markup_mode=None)
Shopper = Annotated[str, typer.Argument(metavar="SHOPPER", help="A shopper id.")]


@program.command("verify")
def verify(
    shopper_id: Annotated[str | None, typer.Argument(metavar="SHOPPER", help="One shopper; else everybody.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Check that no consent record is missing, changed or out of its place.

    The exit code is 1 when one is.
    """
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from app.kernel.errors import AppError
    from app.privacy.consents import chain_fault, shoppers_with_records

    with opened_database() as database, database.reading() as session:
        chains = [shopper_id] if shopper_id else shoppers_with_records(session)
        faults = {one: wrong for one in chains if (wrong := chain_fault(session, one)) is not None}
    if as_json:
        print_json({"chains": len(chains), "faults": faults})
    for one, wrong in () if as_json else faults.items():
        print(f"{one}: {wrong}")
    if faults:
        raise AppError(f"{len(faults)} of {len(chains)} chains of consent records are not whole")
    if not as_json:
        print(f"{len(chains)} chains of consent records are whole")


@program.command("show")
def show(
    shopper_id: Shopper,
    at: Annotated[datetime | None, typer.Option("--at", formats=DATES, help="As it was at that instant (UTC); else now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the words agreed to.")] = False,
) -> None:
    """Show what a shopper had agreed to at an instant, rebuilt from her records alone."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.privacy.consents import state_at
    from app.privacy.purposes import Purpose, notice

    with opened_database() as database, database.reading() as session:
        state = state_at(session, shopper_id, at.replace(tzinfo=UTC) if at else database.clock.now())
    if as_json:
        words = {purpose: notice(purpose, record.notice_version) for purpose, record in state.items()}
        print_json({p.value: {"record": record, "notice": words[p]} for p, record in state.items()})
        return
    rows = [[p.value, "yes" if state[p].granted else "no", state[p].notice_version, state[p].source, state[p].at] for p in Purpose if p in state]
    print_table(["purpose", "agreed", "notice", "said", "at"], rows, empty=f"{shopper_id} had said nothing by then")


@program.command("adult")
def adult(shopper_id: Shopper) -> None:
    """Take it back that a shopper is under age, after you have seen that she is not.

    Everything stays off until she switches it on.
    """
    from app.cli.opening import opened_keys
    from app.cli.terminal import whoever_types
    from app.privacy.minors import unmark_minor
    from app.security.audit import journal

    with opened_keys() as (database, _), database.transaction() as session:
        unmark_minor(session, shopper_id)
        journal.note(session, "consent.adult", by=whoever_types(), about=shopper_id, at=database.clock.now())
    print(f"{shopper_id} is not under age; every switch is hers again")

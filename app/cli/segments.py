"""`moments segments count`: how many shoppers an audience has now.

Owns the command and its layout; the room offers counts. Must not show a count that fewer than twenty people stand behind.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offers.contracts import AudienceCount

program = typer.Typer(help="Audiences: count whom a campaign is meant for.", no_args_is_help=True, rich_markup_mode=None)


@program.callback()
def segments() -> None:
    """Keeps `count` a command of its own while it is the only one."""


@program.command("count")
def count(
    of: Annotated[str, typer.Argument(metavar="FILE|CAMPAIGN", help="A YAML file with `audience:` or with campaigns, or the id of a campaign.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Count shoppers in twenties: the audience, those open to offers, those reachable, those at the campaign's caps."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from app.kernel.errors import Invalid
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        now = database.clock.now()
        if Path(of).is_file():
            audiences = offers.audiences_of_file(Path(of).read_text(encoding="utf-8"))
            known = {c.id for c in offers.campaigns(session)}
            found = {
                cid or of: offers.count_audience(session, audience, at=now, campaign_id=cid if cid in known else None)
                for cid, audience in audiences.items()
            }
        elif offers.campaign(session, of) is None:
            raise Invalid.field("FILE|CAMPAIGN", f"there is neither a file nor a campaign {of}; see: moments campaigns list")
        else:
            found = {of: offers.count_campaign_audience(session, of, at=now)}
    if as_json:
        print_json(found)
        return
    for name, counted in found.items():
        print(name)
        for line in lines_of(counted):
            print(f"  {line}")


def lines_of(counted: AudienceCount) -> list[str]:
    """One line for each number; at least so many, or fewer than twenty."""

    def said(number: int | None) -> str:
        return f"fewer than {counted.step}" if number is None else f"at least {number:,}"

    return [
        f"{'in the audience':<18} {said(counted.members)} of {said(counted.counted)} who agreed to be counted",
        f"{'open to offers':<18} {said(counted.open_to_offers)}",
        f"{'reachable':<18} {said(counted.reachable)}",
        f"{'at the caps':<18} {said(counted.capped)}",
    ]

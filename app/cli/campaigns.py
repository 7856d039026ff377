"""`moments campaigns`: what runs, and what it has given so far.

Owns the commands; the room offers owns campaigns.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="Campaigns: what runs, and what it has given so far.", no_args_is_help=True, rich_markup_mode=None)


@program.command("list")
def list_campaigns(as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the definitions in force.")] = False) -> None:
    """All campaigns, newest first."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.kernel.money import Money
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        found = offers.campaigns(session)
    if as_json:
        print_json(found)
        return
    rows: list[tuple[object, ...]] = []
    for campaign in found:
        figures = campaign.figures
        spent = Money(figures.budget_spent_minor, figures.currency).display()
        limit = f" of {Money(figures.budget_minor, figures.currency).display()}" if figures.budget_minor is not None else ""
        rows.append((campaign.id, campaign.name, campaign.state, campaign.benefit_text, figures.issued, figures.redeemed, f"{spent}{limit}"))
    print_table(("id", "name", "state", "gives", "issued", "redeemed", "spent"), rows, empty="No campaigns yet; `moments demo` brings six, or POST /v1/campaigns.")


@program.command("books")
def books(campaign_id: Annotated[str, typer.Argument(help="An id of `moments campaigns list`.")]) -> None:
    """Check one campaign's books: issued = live + reserved + redeemed + expired + revoked, by three counts."""
    from app.cli.opening import opened_database
    from app.kernel.errors import NotFound
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        if offers.campaign(session, campaign_id) is None:
            raise NotFound(f"CAMPAIGN_ID: there is no campaign {campaign_id}; see: moments campaigns list")
        found = offers.books(session, campaign_id)
    parts = " + ".join(f"{getattr(found, name)} {name}" for name in ("live", "reserved", "redeemed", "expired", "revoked"))
    print(f"{found.issued} issued = {parts}")
    for line in found.drift:
        print(f"  drift: {line}")
    if found.drift:
        raise typer.Exit(1)

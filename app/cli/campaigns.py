"""`moments campaigns`: what runs, what it has given so far, its way to going live, and campaigns as a file.

Owns the commands; the room offers owns campaigns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.terminal import whoever_types

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from offers.contracts import CampaignPlan

CHANGES = 2
"""The exit code of `plan` when applying the file would change something."""

program = typer.Typer(help="Campaigns: list them, bring them live, keep them as a file.", no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(help="An id of `moments campaigns list`.", metavar="CAMPAIGN_ID")]
Named = Annotated[str, typer.Option("--as", help="Who does it: a marketer or operator by name.", metavar="NAME")]
Note = Annotated[str, typer.Option(help="A word to the other one.")]
File = Annotated[Path, typer.Argument(help="A file as `moments campaigns export` writes it.", metavar="FILE")]


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


@program.command("export")
def export(campaign_ids: Annotated[list[str] | None, typer.Argument(help="Ids of `moments campaigns list`; none: all that have not ended.", metavar="[ID]...")] = None) -> None:
    """Campaigns as YAML, to keep, to change and to apply."""
    from app.cli.opening import opened_database
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        print(offers.export_campaigns(session, campaign_ids or ()), end="")


@program.command("plan")
def plan(file: File) -> None:
    """Say what applying FILE would change; changes nothing. Exits with 2 if it would change something, with 0 if not."""
    from app.cli.opening import opened_database
    from offers import facade as offers

    text = text_of(file)
    with opened_database() as database, database.reading() as session:
        found = offers.plan_campaigns(session, text, four_eyes=_four_eyes())
    _say(found)
    if found.changes_something:
        print(f"Do it: moments campaigns apply {file}")
        raise typer.Exit(CHANGES)


@program.command("apply")
def apply(file: File, name: Named = "") -> None:
    """Change campaigns as FILE says, all of it or nothing. The same file again changes nothing."""
    from app.cli.opening import opened_database
    from offers import facade as offers

    text = text_of(file)
    with opened_database() as database, database.transaction() as session:
        found = offers.apply_campaigns(session, text, by=_person(session, name), at=database.clock.now(), four_eyes=_four_eyes())
    _say(found)
    if found.changes_something:
        print("Done.")


@program.command("submit")
def submit(campaign_id: Id, name: Named, note: Note = "") -> None:
    """Send a draft, or a paused campaign that was changed, to another person for review."""
    from offers import facade as offers

    _move(campaign_id, name, lambda session, by, at: offers.submit_campaign(session, campaign_id, by=by, at=at, note=_noted(note)))


@program.command("approve")
def approve(
    campaign_id: Id,
    version: Annotated[int, typer.Option(min=1, help="The version you looked at; it is approved, and no other.")],
    name: Named,
    note: Note = "",
) -> None:
    """Approve a version that somebody else wrote and sent for review."""
    from offers import facade as offers

    _move(
        campaign_id, name, lambda session, by, at: offers.approve_campaign(session, campaign_id, version=version, by=by, at=at, note=_noted(note))
    )


@program.command("send-back")
def send_back(campaign_id: Id, name: Named, note: Annotated[str, typer.Option(help="What is to be changed.")]) -> None:
    """Make a draft again of what waits for review or was approved."""
    from offers import facade as offers

    _move(campaign_id, name, lambda session, by, at: offers.send_campaign_back(session, campaign_id, by=by, at=at, note=_noted(note)))


@program.command("activate")
def activate(campaign_id: Id, name: Named) -> None:
    """Make an approved campaign live, or let a paused one go on."""
    from offers import facade as offers

    four_eyes = _four_eyes()
    _move(campaign_id, name, lambda session, by, at: offers.activate_campaign(session, campaign_id, by=by, at=at, four_eyes=four_eyes))


@program.command("pause")
def pause(campaign_id: Id, name: Named) -> None:
    """No new coupons for now; those that were given stay good."""
    from offers import facade as offers

    _move(campaign_id, name, lambda session, by, at: offers.pause_campaign(session, campaign_id, by=by, at=at))


@program.command("end")
def end(campaign_id: Id, name: Named) -> None:
    """No new coupons, for good; those that were given stay good."""
    from offers import facade as offers

    _move(campaign_id, name, lambda session, by, at: offers.end_campaign(session, campaign_id, by=by, at=at))


def _move(campaign_id: str, name: str, step: Callable[[Session, str, datetime], None]) -> None:
    from app.cli.opening import opened_database
    from offers import facade as offers

    with opened_database() as database, database.transaction() as session:
        _be_known(session, campaign_id)
        step(session, _person(session, name), database.clock.now())
        now = offers.campaign(session, campaign_id)
    assert now is not None
    print(f"{now.id} “{now.name}”, version {now.version}: {now.state}")


def _be_known(session: Session, campaign_id: str) -> None:
    from app.kernel.errors import NotFound
    from offers import facade as offers

    if offers.campaign(session, campaign_id) is None:
        raise NotFound(f"CAMPAIGN_ID: there is no campaign {campaign_id}; see: moments campaigns list")


def _person(session: Session, name: str) -> str:
    """The marketer or operator of this name: four eyes are two people of the house, at whatever door they come in. Without a
    name it is whoever is logged in here, who is nobody of the house and can approve nothing."""
    from app.kernel.errors import Invalid
    from app.security.people import staff_named
    from app.security.principals import Role

    if not name:
        return whoever_types()
    found = staff_named(session, name, (Role.MARKETER, Role.OPERATOR))
    if found is None:
        raise Invalid.field("--as", f"nobody here is called {name}; moments links --role marketer --name NAME makes somebody known")
    return found


def _noted(note: str) -> str:
    """Who is named was not asked to prove it here, so the history says at which login a review was done."""
    return f"{note} ({whoever_types()})".strip()[:300]


def text_of(file: Path) -> str:
    """Raises Invalid for what is no text."""
    from app.kernel.errors import Invalid

    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid.field("FILE", f"{file} is not UTF-8 text; save it as UTF-8") from None


def _four_eyes() -> bool:
    from app.settings import load_settings

    return load_settings().offers.four_eyes


def _say(plan: CampaignPlan) -> None:
    for one in plan.campaigns:
        if not one.moves:
            continue
        version = f", version {one.version} → {one.version + 1}" if one.version is not None and one.changes else ""
        words = f": {', '.join(one.said)}" if one.said else ""
        print(f"{'+' if one.version is None else '~'} {one.id} “{one.name}”{version}{words}")
        for change in one.changes:
            print(f"    {change.text}")
    same = sum(1 for one in plan.campaigns if not one.moves)
    changed = len(plan.campaigns) - same
    print(f"{changed} to change, {same} as they are." if changed else f"Nothing to change; {same} as they are.")


@program.command("books")
def books(campaign_id: Annotated[str, typer.Argument(help="An id of `moments campaigns list`.")]) -> None:
    """Check one campaign's books: issued = live + reserved + redeemed + expired + revoked, by three counts."""
    from app.cli.opening import opened_database
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        _be_known(session, campaign_id)
        found = offers.books(session, campaign_id)
    parts = " + ".join(f"{getattr(found, name)} {name}" for name in ("live", "reserved", "redeemed", "expired", "revoked"))
    print(f"{found.issued} issued = {parts}")
    for line in found.drift:
        print(f"  drift: {line}")
    if found.drift:
        raise typer.Exit(1)


@program.command("figures")
def figures(
    campaign_id: Annotated[str, typer.Argument(metavar="ID", help="An id of `moments campaigns list`.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days after the first decision count.")] = 14,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What each group of a campaign was given and did, and what it brings against those held out, with its interval."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.kernel.money import Money
    from offers import facade as offers

    with opened_database() as database, database.reading() as session:
        found = offers.campaign_figures(session, campaign_id, at=database.clock.now(), days=days)
    if as_json:
        print_json(found)
        return

    def money(amount_minor: int | None) -> str | None:
        return Money(amount_minor, found.currency).display() if amount_minor is not None else None

    rows = [
        (a.arm, a.people, a.offered, a.issued, a.redeemed, money(a.discount_minor), a.bought, money(a.spent_minor), a.came_back)
        for a in found.arms
    ]
    columns = ("group", "people", "offered", "coupons", "redeemed", "discount", "bought", "spent", "came back")
    print_table(columns, rows, empty="No groups.")
    print(f"A dash: fewer than 20 people stand behind it. {found.text}")
    if found.waiting is not None:
        print(f"{found.waiting} more people count once their {found.days} days are over.")
    for one in found.lifts:
        print(f"{'' if one.arm == 'all' else f'{one.arm}: '}{one.text}")
    if found.lifts:
        print(f"Intervals: {found.method}.")

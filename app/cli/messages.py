"""`moments messages`: how a campaign's message will look.

Owns the command and its layout; the room notifications owns what a device shows.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="Messages: look at them before anybody gets one.", no_args_is_help=True, rich_markup_mode=None)


@program.callback()
def messages() -> None:
    """Keeps `preview` a command of its own name."""


@program.command("preview")
def preview(
    campaign_id: Annotated[str, typer.Argument(help="An id of `moments campaigns list`.", metavar="CAMPAIGN")],
    language: Annotated[str, typer.Option(help="A language tag such as fi; none: the campaign's own.")] = "",
    channel: Annotated[str, typer.Option(help="Only this one: fcm, sms, whatsapp or email.")] = "",
    called: Annotated[str, typer.Option(help="What the shopper wants to be called.")] = "Aino",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show a campaign's message as each device will, with values as they may be."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from app.kernel.errors import Invalid
    from notifications import facade as notifications

    if channel and channel not in notifications.PREVIEWED:
        raise Invalid.field("--channel", f"one of {', '.join(notifications.PREVIEWED)}")
    with opened_database() as database, database.reading() as session:
        found = notifications.preview(session, campaign_id, language=language, channel=channel, called=called)
    if as_json:
        print_json(found)
        return
    print(f"{found.campaign_name}, in {found.language} (there is {', '.join(found.languages)}); by {', '.join(found.ways)}")
    if found.refused:
        print(f"\nNothing can be said: {found.refused}")
        raise typer.Exit(1)
    for look in found.looks:
        notes = "; ".join(part for part in (look.note, "cut by the device" if look.cut else "", f"NOT SENT: {look.problem}" if look.problem else "") if part)
        print(f"\n{look.name}{f' ({notes})' if notes else ''}")
        for line in (*([look.title] if look.title else []), *look.body.splitlines()):
            print(f"  | {line}")

"""`moments messages`: how a campaign's message will look, and what a mail says that came back.

Owns the commands and their layout; the room notifications owns what a device shows and what a report means.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="Messages: look at them beforehand; heed returns.", no_args_is_help=True, rich_markup_mode=None)

COME_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and tries again."""


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


@program.command("bounce")
def bounce(
    to: Annotated[str, typer.Option(help="The address the mail arrived at, as the mail server knows it; else it is read from the mail.", metavar="ADDRESS")] = "",
) -> None:
    """Heed a mail that came to the return address, from standard input: a report of a mail server, or a complaint.

    For the pipe of a mail server: ends with 0 whatever the mail says, and with 75 (try again) when it cannot be written down now.
    """
    import sys

    from app.cli.opening import opened_keys
    from app.kernel.logs import configure_logs
    from notifications import facade as notifications

    configure_logs(level="ERROR", as_json=False)  # the line below is all that a mail server need note
    raw = sys.stdin.buffer.read(notifications.MAIL_MOST_BYTES + 1)
    try:
        with opened_keys() as (database, _):
            found = notifications.mail_came_back(database, raw, to=to)
    except Exception as error:
        detail = getattr(error, "detail", None)
        print(f"moments: not written down, try again: {detail if isinstance(detail, str) else type(error).__name__}", file=sys.stderr)
        raise typer.Exit(COME_AGAIN) from error
    print(f"{found.value}: {found.text}")
    if found is notifications.MailReason.MAIL_TOO_EARLY:
        raise typer.Exit(COME_AGAIN)

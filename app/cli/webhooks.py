"""`moments webhooks`: endpoints of other systems, what became of events there, and a receiver to try them with.

Owns the commands; the room notifications owns endpoints and deliveries. A secret is shown once, when it is made.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

program = typer.Typer(
    help="Events told to other systems; receive them here.", no_args_is_help=True, rich_markup_mode=None
)

Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="An id of `moments webhooks list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@program.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where events go: https, and not in a network of ours.")],
    event: Annotated[list[str] | None, typer.Option(help="A type of event; repeat for several. None: all. `moments webhooks types` lists them.")] = None,
    description: Annotated[str, typer.Option(help="Who runs it, for those who come after.")] = "",
    as_json: AsJson = False,
) -> None:
    """Register an endpoint and show its secret, this once."""
    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from notifications.facade import webhooks

    with opened_house() as house, house.database.transaction() as session:
        made = webhooks.add(session, url, event or [], description, by=whoever_types(), settings=house.settings.webhooks, at=house.clock.now())
    _tell_secret(made, as_json)


@program.command("types")
def types() -> None:
    """The events an endpoint can ask for; their fields stand in docs/events.md."""
    from notifications.facade import webhooks

    print("\n".join(webhooks.TYPES))


@program.command("list")
def list_endpoints(as_json: AsJson = False) -> None:
    """All endpoints and how each is doing."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from notifications.facade import webhooks

    with opened_database() as database, database.reading() as session:
        found, newest = webhooks.listed(session), webhooks.newest(session)
    if as_json:
        print_json({"endpoints": found, "newest": newest})
        return
    rows = [(e.id, e.url, e.event_types or "all", e.state if e.state == "on" else f"off: {e.why_off}", e.waiting, e.failing_since, e.delivered_at) for e in found]
    columns = ("id", "address", "events", "state", "waiting", "failing since", "last delivered")
    print_table(columns, rows, empty="No endpoints yet; register one with: moments webhooks add https://example.com/webhooks")


@program.command("show")
def show(endpoint: Endpoint) -> None:
    """One endpoint, as JSON."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from notifications.facade import webhooks

    with opened_database() as database, database.reading() as session:
        print_json(webhooks.shown(session, endpoint))


@program.command("rotate")
def rotate(
    endpoint: Endpoint, now: Annotated[bool, typer.Option("--now", help="It has leaked: the old secret ends at once.")] = False, as_json: AsJson = False
) -> None:
    """Another secret, shown this once; for a while the old one signs as well."""
    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from notifications.facade import webhooks

    with opened_house() as house, house.database.transaction() as session:
        overlap_s = 0 if now else house.settings.webhooks.overlap_s
        made = webhooks.rotate(session, endpoint, overlap_s=overlap_s, by=whoever_types(), at=house.clock.now())
    _tell_secret(made, as_json)


@program.command("disable")
def disable(endpoint: Endpoint) -> None:
    """Send nothing there any more; what waits, waits."""
    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from notifications.facade import webhooks

    with opened_house() as house, house.database.transaction() as session:
        went_off = webhooks.disable(session, endpoint, webhooks.WebhookReason.BY_HAND, by=whoever_types(), at=house.clock.now())
    print(f"{endpoint} is off" if went_off else f"{endpoint} was off already")


@program.command("enable")
def enable(endpoint: Endpoint) -> None:
    """Send again, what waited first."""
    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from notifications.facade import webhooks

    with opened_house() as house, house.database.transaction() as session:
        view = webhooks.enable(session, endpoint, by=whoever_types(), at=house.clock.now())
    print(f"{endpoint} is on, {view.waiting} waiting")
    if view.missed_after is not None:
        print(f"what happened while it was off: moments webhooks replay {endpoint} --after {view.missed_after}")


@program.command("remove")
def remove(endpoint: Endpoint) -> None:
    """Forget the endpoint and what was queued for it."""
    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from notifications.facade import webhooks

    with opened_house() as house, house.database.transaction() as session:
        webhooks.remove(session, endpoint, by=whoever_types(), at=house.clock.now())
    print(f"{endpoint} removed")


@program.command("test")
def test(endpoint: Endpoint) -> None:
    """Send it a `webhook.test` from here, and say what it answered."""
    from app.cli.opening import opened_house
    from notifications.facade import webhooks

    with opened_house() as house:
        with house.database.transaction() as session:
            event_id = webhooks.queue_test(session, endpoint, house.clock.now())
        webhooks.send_due(house, endpoint)
        with house.database.reading() as session:
            told = next(d for d in webhooks.deliveries(session, endpoint, limit=500) if d.event_id == event_id)
    answered = f"answered {told.status}" if told.status else webhooks.REASONS.get(told.reason or "", "is being asked by the server")
    print(f"{event_id} {told.state}: {answered}" + (f" ({told.took_ms} ms)" if told.took_ms is not None else ""))
    if told.state != "delivered":
        raise typer.Exit(1)


@program.command("deliveries")
def deliveries(
    endpoint: Endpoint,
    state: Annotated[str, typer.Option(help="Only these: queued, claimed, delivered, failed or dropped.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest events of an endpoint and what became of them."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from notifications.facade import webhooks

    with opened_database() as database, database.reading() as session:
        found = webhooks.deliveries(session, endpoint, state=state or None, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(d.cursor, d.event_id, d.event_type, d.subject, d.state, d.tries, d.status, d.reason, d.tried_at, d.next_try_at) for d in found]
    columns = ("cursor", "event", "type", "subject", "state", "tries", "answer", "why", "tried", "again")
    print_table(columns, rows, empty="Nothing yet; try it with: moments webhooks test ENDPOINT")


@program.command("replay")
def replay(
    endpoint: Endpoint,
    after: Annotated[int, typer.Option(min=0, help="The `sequence` of the last event that need not come again; 0: all that is kept.")],
) -> None:
    """Tell everything after a cursor again, each event with the id it has. A running server sends it."""
    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from notifications.facade import webhooks

    with opened_house() as house, house.database.transaction() as session:
        queued = webhooks.replay(session, endpoint, after=after, by=whoever_types(), at=house.clock.now())
    print(f"{queued} events queued")


@program.command("listen")
def listen(
    endpoint: Annotated[str, typer.Option(help="Verify with the secret of this endpoint, of this installation.")] = "",
    secret: Annotated[str, typer.Option(envvar="WEBHOOK_SECRET", help="Verify with this secret (whsec_...).", show_default=False)] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 9000,
    status: Annotated[int, typer.Option(min=200, max=599, help="What to answer to what is genuine.")] = 204,
    most: Annotated[int, typer.Option("--count", min=0, help="Stop after so many; 0: go on.")] = 0,
) -> None:
    """Receive webhooks on this machine, verify each, and show it."""
    from app.cli.webhook_listening import listen_on
    from app.kernel.errors import Invalid
    from app.security.inbound.standard_webhooks import key_of

    if bool(endpoint) == bool(secret):
        raise Invalid.field("--endpoint", "say whose secret verifies: --endpoint ID, or --secret whsec_... (or WEBHOOK_SECRET)")
    if endpoint:
        from app.cli.opening import opened_house
        from notifications.facade import webhooks

        with opened_house() as house, house.database.reading() as session:
            secret = webhooks.secret_of(session, endpoint)
    if key_of(secret) is None:
        raise Invalid.field("--secret", "this is not a secret of a webhook: whsec_ and base64")
    listen_on(port, [secret], status=status, most=most)


def _tell_secret(made: Any, as_json: bool) -> None:
    from app.cli.terminal import print_json

    if as_json:
        print_json({"endpoint": made.endpoint, "secret": made.secret})
        return
    print(made.secret)
    print(f"{made.endpoint.id} for {made.endpoint.url}. Keep the secret now; it cannot be shown again.")

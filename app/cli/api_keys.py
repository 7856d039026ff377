"""`moments api-keys`: how another server gets in.

Owns the commands; app/security/api_keys.py owns the keys. A key is shown once, when it is made.
"""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.terminal import whoever_types

program = typer.Typer(help="Keys for other servers: make, list, revoke.", no_args_is_help=True, rich_markup_mode=None)


@program.command("make")
def make(
    name: Annotated[str, typer.Argument(help="Who will use it, for example `till-system`.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat for several. `moments api-keys scopes` lists them.")],
) -> None:
    """Make a key and show it, this once: only its hash is kept."""
    from app.cli.opening import opened_keys
    from app.security.audit import journal
    from app.security.people import make_api_key

    with opened_keys() as (database, _), database.transaction() as session:
        at = database.clock.now()
        made = make_api_key(session, name, scope, made_by="cli", at=at)
        journal.note(session, "api_key.made", by=whoever_types(), detail={"key": made.id, "scopes": list(made.scopes)}, at=at)
    print(made.key)
    print(f"{made.id} for {name}: {', '.join(made.scopes)}. Keep it now; it cannot be shown again.")


@program.command("scopes")
def scopes() -> None:
    """What a key can be made for."""
    from app.cli.terminal import print_table
    from app.security.api_keys import SCOPES

    print_table(("scope", "the key may"), list(SCOPES.items()), empty="")


@program.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All keys, also revoked ones, oldest first; never the keys themselves."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.security.people import list_api_keys

    with opened_database() as database, database.reading() as session:
        found = list_api_keys(session)
    if as_json:
        print_json(found)
        return
    rows = [(k.id, k.name, f"{k.shown}...", k.scopes, k.created_at, k.revoked_at) for k in found]
    print_table(("id", "name", "begins with", "scopes", "made", "revoked"), rows, empty="No keys yet; make one with: moments api-keys make NAME --scope places")


@program.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="An id of `moments api-keys list`.")]) -> None:
    """End a key; it is refused from the next request on."""
    from app.cli.opening import opened_keys
    from app.kernel.errors import NotFound
    from app.security.audit import journal
    from app.security.people import revoke_api_key

    with opened_keys() as (database, _), database.transaction() as session:
        at = database.clock.now()
        revoked = revoke_api_key(session, key_id, at=at)
        if revoked:
            journal.note(session, "api_key.revoked", by=whoever_types(), detail={"key": key_id}, at=at)
    if not revoked:
        raise NotFound(f"KEY_ID: {key_id} is not a live key; `moments api-keys list` shows them")
    print(f"{key_id} revoked")

"""`moments links`: fresh one-time links to come in by.

Owns the command and the wording; app/security/links.py owns the links. There is no default password anywhere, so this
is how staff come in, the first time and after a lost session.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.kernel.db import Database

LEADS_TO = {"shopper": "the phone, /m", "marketer": "the console, /console", "clerk": "the till, /till", "operator": "the console, with everything"}


def links(
    role: Annotated[list[str] | None, typer.Option(help="shopper, marketer, clerk or operator; repeat for several, leave out for all.")] = None,
    name: Annotated[str, typer.Option(help="Whose link it is; a new name makes a new person.")] = "",
    ttl_s: Annotated[int, typer.Option(min=60, max=31 * 86_400, help="How long it can be used, in seconds.")] = 3600,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print new one-time sign-in links, one per role."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json
    from app.settings import load_settings

    base_url = load_settings().base_url()
    with opened_keys() as (database, _):
        made = make_links(database, base_url, role or tuple(LEADS_TO), name=name, ttl_s=ttl_s)
    if as_json:
        print_json([{"role": role, "url": url} for role, url in made])
    else:
        print_links(made, ttl_s)


def make_links(database: Database, base_url: str, roles: Sequence[str], *, name: str = "", ttl_s: int = 3600) -> list[tuple[str, str]]:
    """(role, address) for each role; raises `Invalid` for a role that has no link."""
    from app.cli.terminal import whoever_types
    from app.kernel.errors import Invalid
    from app.security.audit import journal
    from app.security.people import make_link
    from app.security.principals import Role

    wrong = [role for role in roles if role not in LEADS_TO]
    if wrong:
        raise Invalid.field("--role", f"{wrong[0]!r} is none of {', '.join(LEADS_TO)}")
    with database.transaction() as session:
        at = database.clock.now()
        journal.note(session, "link.made", by=whoever_types(), at=at, detail={"roles": list(roles), "ttl_s": ttl_s})
        return [(role, f"{base_url}/enter/{make_link(session, Role(role), at=at, ttl_s=ttl_s, name=name)}") for role in roles]


def print_links(made: Sequence[tuple[str, str]], ttl_s: int = 3600) -> None:
    life = f"{ttl_s // 60} minutes" if ttl_s < 7200 else f"{ttl_s // 3600} hours"
    print(f"Sign-in links, each good once within {life}:")
    for role, url in made:
        print(f"  {role:<9} {url}   ({LEADS_TO[role]})")

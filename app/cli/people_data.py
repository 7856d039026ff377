"""`moments export` and `moments erase`: what is held about one shopper, and making it gone.

Owns the commands; app/privacy/subjects.py and the rooms' holders do the work. What `export` prints is personal data: it
goes to standard output only when asked to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Shopper = Annotated[str, typer.Argument(metavar="SHOPPER", help="A shopper id.")]


def export(shopper_id: Shopper, out: Annotated[Path | None, typer.Option(help="A file to write, readable by you alone; else standard output.")] = None) -> None:
    """Print everything held about one shopper, as JSON."""
    import os

    from app.cli.opening import opened_house
    from app.cli.terminal import whoever_types
    from app.kernel.errors import Invalid
    from app.kernel.http import to_json
    from app.privacy import subjects
    from app.security.audit import journal

    with opened_house() as house, house.database.reading() as session:
        _require(session, shopper_id)
        at = house.database.clock.now()
        journal.looked_at(session, "everything", by=whoever_types(), about=shopper_id, at=at)
        document = to_json(subjects.export(session, shopper_id, at=at))
    if out is None:
        print(document.decode())
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Invalid.field("--out", f"{out} is there already; name a new file") from None
    with os.fdopen(handle, "wb") as file:
        file.write(document)
    print(f"wrote {out}")


def erase(
    shopper_id: Shopper,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The receipt as JSON.")] = False,
) -> None:
    """Delete one shopper everywhere and print the receipt.

    It cannot be undone.
    """
    from app.cli.opening import opened_house
    from app.cli.terminal import print_json, whoever_types
    from app.kernel.errors import NotFound
    from app.privacy import subjects

    if not yes:
        typer.confirm(f"Delete everything about {shopper_id}? It cannot be undone.", abort=True)
    with opened_house() as house, house.database.transaction() as session:
        receipt = subjects.erase(session, shopper_id, house.database.clock.now(), by=whoever_types())
        if not receipt.already and not any(receipt.erased.values()):
            raise NotFound(f"SHOPPER: there is no shopper {shopper_id}")  # and no receipt of it stays
    if as_json:
        print_json(receipt)
        return
    print(f"{receipt.id}: " + ("was erased before; nothing is left" if receipt.already else f"{sum(receipt.erased.values())} rows erased"))
    for holder, count in sorted(receipt.erased.items()):
        if count and not receipt.already:
            print(f"  {count:>6}  {holder}")
    for table, why in receipt.kept.items():
        print(f"    kept  {table}: {why}")


def _require(session: object, shopper_id: str) -> None:
    from sqlalchemy.orm import Session

    from app.kernel.errors import NotFound
    from app.security.people import shopper_exists

    assert isinstance(session, Session)
    if not shopper_exists(session, shopper_id):
        raise NotFound(f"SHOPPER: there is no shopper {shopper_id}")

"""`moments keys`: the keys that coupons are signed with, and ending one that has leaked.

Owns the commands; app/security/key_changes.py ends keys. Must never print a secret: ids of keys are public.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from app.cli.terminal import whoever_types

program = typer.Typer(help="Signing keys: list them, end one that has leaked.", no_args_is_help=True, rich_markup_mode=None)


class Purpose(StrEnum):
    COUPONS = "coupons"


PurposeOption = Annotated[Purpose, typer.Option(help="Which keys.")]
WhyOption = Annotated[str, typer.Option(help="What happened; it is written down with who did it.")]


def _signed_with(purpose: Purpose) -> str:
    from offers.contracts import COUPON_SIGNING

    return {Purpose.COUPONS: COUPON_SIGNING}[purpose]


@program.command("list")
def list_keys(purpose: PurposeOption = Purpose.COUPONS, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """The keys of the last, this and the next week, those that were ended among them, and who ended them."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json, print_table
    from app.security import key_changes, signing

    with opened_keys() as (database, _), database.reading() as session:
        at, signed_with = database.clock.now(), _signed_with(purpose)
        keys = signing.known_keys(signed_with, at)
        ended = {e.key_id: e for e in key_changes.ended(session, signed_with)}
        told = [
            {
                "id": key.id.hex(),
                "signs_from": key.signs_from,
                "signs_until": key.signs_until,
                "good_until": key.revoked_at or key.good_until,
                "state": "revoked" if key.revoked(at) else "signs" if key.signs_from <= at < key.signs_until else "checks" if key.signs_until <= at else "next",
                "ended_by": ended[key.id.hex()].by if key.id.hex() in ended else None,
                "why": ended[key.id.hex()].why if key.id.hex() in ended else None,
            }
            for key in keys
        ]
    if as_json:
        print_json(told)
        return
    print_table(("id", "signs from", "signs until", "good until", "state", "ended by", "why"), [tuple(row.values()) for row in told], empty="")


@program.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="An id of `moments keys list`.")],
    why: WhyOption,
    purpose: PurposeOption = Purpose.COUPONS,
) -> None:
    """End one key now: what it signed is refused from the next scan on, and phones open their coupons anew."""
    from app.cli.opening import opened_keys
    from app.security import key_changes
    from app.security.audit import journal

    with opened_keys() as (database, data_dir), database.transaction() as session:
        at = database.clock.now()
        made = key_changes.revoke(session, data_dir, _signed_with(purpose), key_id, by=whoever_types(), why=why, at=at)
        journal.note(session, "signing_key.revoked", by=whoever_types(), at=at, detail={"purpose": purpose.value, "key": key_id, "instead": made.id.hex()})
    print(f"{key_id} ended; {made.id.hex()} is in its place.")
    _then()


@program.command("rotate")
def rotate(why: WhyOption, purpose: PurposeOption = Purpose.COUPONS) -> None:
    """End every key, also those of weeks to come: for when secrets.json has leaked."""
    from app.cli.opening import opened_keys
    from app.security import key_changes
    from app.security.audit import journal

    with opened_keys() as (database, data_dir), database.transaction() as session:
        at = database.clock.now()
        made = key_changes.rotate(session, data_dir, _signed_with(purpose), by=whoever_types(), why=why, at=at)
        journal.note(session, "signing_key.rotated", by=whoever_types(), at=at, detail={"purpose": purpose.value, "instead": [key.id.hex() for key in made]})
    print(f"All keys ended; from now on: {', '.join(key.id.hex() for key in made)}.")
    _then()


def _then() -> None:
    print("Servers that share this data directory know it already; copy secrets.json to any other. Tills without a network know it when they are back.")

"""`moments devices`: how far the phones of a shopper are believed; ending one, freezing and thawing.

Owns the commands; app/security/devices does it. What is done is written into the audit log. Must not print a name or a token.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.terminal import whoever_types

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

program = typer.Typer(help="Phones: how far they are believed; freeze or end one.", no_args_is_help=True, rich_markup_mode=None)

DeviceId = Annotated[str, typer.Argument(help="An id of `moments devices list`.")]


@program.command("list")
def list_devices(
    shopper_id: Annotated[str, typer.Argument(help="Whose, `shp_...`.")], as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Her live phones and browsers, how far each is believed and why."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json, print_table
    from app.security import people
    from app.security.audit import journal
    from app.security.devices import keeping
    from app.settings import load_settings

    fresh_s = load_settings().security.attestation_fresh_s
    with opened_keys() as (database, _), database.transaction() as session:
        at = database.clock.now()
        journal.note(session, "devices.listed", by=whoever_types(), at=at, about=shopper_id)
        told = [
            {
                "id": device.device_id,
                "platform": device.platform,
                "level": str(found.level),
                "why": ", ".join(found.reasons),
                "attested_at": found.at,
                "last_seen_at": device.last_seen_at,
            }
            for device in people.devices_of(session, shopper_id)
            for found in (keeping.standing(session, device.device_id, at, fresh_s=fresh_s),)
        ]
    if as_json:
        print_json(told)
        return
    print_table(("id", "platform", "level", "why", "attested", "last seen"), [tuple(row.values()) for row in told], empty="No live device.")


@program.command("revoke")
def revoke(device_id: DeviceId) -> None:
    """Its token, tracking key and sessions stop working with the next request."""
    from app.security.sessions import revoke_device

    _do("revoked", device_id, lambda session, at: revoke_device(session, device_id, at=at))


@program.command("freeze")
def freeze(device_id: DeviceId) -> None:
    """No coupon of its shopper is reserved or redeemed until it thaws."""
    from app.security.devices.freezing import freeze_device

    _do("frozen", device_id, lambda session, at: freeze_device(session, device_id, "not_compliant", told_at=at))


@program.command("thaw")
def thaw(device_id: DeviceId) -> None:
    """The phone, and whoever holds it, are believed again: her coupons are as they were."""
    from app.security.devices import freezing, keeping

    def both(session: Session, at: datetime) -> bool:
        done = freezing.thaw_device(session, device_id, told_at=at)
        shopper_id = keeping.shopper_of(session, device_id)
        if shopper_id is not None:
            freezing.proved_again(session, shopper_id, at=at)
        return done

    _do("thawed", device_id, both)


def _do(what: str, device_id: str, work: Callable[[Session, datetime], bool]) -> None:
    from app.cli.opening import opened_keys
    from app.kernel.errors import NotFound
    from app.security.audit import journal

    with opened_keys() as (database, _), database.transaction() as session:
        at = database.clock.now()
        if not work(session, at):
            raise NotFound(f"there is no live device {device_id[:60]}; `moments devices list SHOPPER` shows them")
        journal.note(session, f"device.{what}", by=whoever_types(), at=at, detail={"device_id": device_id})
    print(f"{device_id} is {what}.")

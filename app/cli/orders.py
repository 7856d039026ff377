"""`moments orders`: an order, what became of its money, and how far it is on its way to her.

Owns the commands and their layout. Must not show where it goes: that is for her and for the label.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from storefront.contracts import OrderDetail, ShipmentView

program = typer.Typer(help="Orders: show.", no_args_is_help=True, rich_markup_mode=None)

STEPS = (("packed", "packed_at"), ("handed over", "handed_at"), ("out for delivery", "out_at"), ("delivered", "delivered_at"), ("failed", "failed_at"), ("back at the store", "returned_at"))
PROOFS = {"code": "proved by her code", "carrier": "the carrier says so", "left": "left, not proved"}


@program.command("show")
def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER", help="The id of an order, such as ord_01k...")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What was ordered, and how far it is."""
    from app.cli.opening import opened_house
    from app.cli.terminal import print_json
    from app.kernel.errors import NotFound
    from storefront import facade as storefront

    with opened_house() as house, house.database.reading() as session:
        found = storefront.order(session, order_id)
    if found is None:
        raise NotFound(f"ORDER: there is no order {order_id}")
    if as_json:
        print_json(found)
        return
    print_order(found)


def print_order(found: OrderDetail) -> None:
    """The lines, and each step of the way with its time."""
    from app.cli.terminal import cell, print_table
    from app.kernel.money import Money

    order = found.order
    print(f"{order.id}: {order.state}, {Money(order.total_minor, order.currency).display()}, placed {_at(order.placed_at)}")
    print_table(("line", "what", "pieces", "returned"), [(one.line_no, cell(one.name), one.quantity, one.returned or "") for one in found.lines], empty="")
    zone = found.delivery.timezone if found.delivery is not None else "UTC"
    if found.collection is not None:
        print(f"Fetched at {cell(found.collection.place_name)}: {found.collection.state}{_until(found.collection.ready_until)}")
    if found.delivery is not None:
        held = "" if found.delivery.held else ", given back"
        print(f"Brought by {cell(found.delivery.area)}: {_at(found.delivery.starts_at, zone)} to {_at(found.delivery.ends_at, zone)}{held}")
    for parcel in found.shipments:
        _print_parcel(parcel, zone)


def _print_parcel(parcel: ShipmentView, zone: str) -> None:
    from app.cli.terminal import cell

    inside = ", ".join(f"{piece.quantity} x {cell(piece.name)}" for piece in parcel.pieces)
    print(f"Parcel {parcel.id}: {parcel.state.replace('_', ' ')}, {cell(parcel.carrier)}{f' {cell(parcel.tracking)}' if parcel.tracking else ''}; {inside}")
    for words, name in STEPS:
        if (at := getattr(parcel, name)) is not None:
            print(f"  {_at(at, zone)}  {words}{_beside(parcel, name)}")
    if parcel.expected_at is not None and parcel.delivered_at is None and parcel.failed_at is None:
        print(f"  {_at(parcel.expected_at, zone)}  expected, says the carrier")


def _beside(parcel: ShipmentView, name: str) -> str:
    why = f": {parcel.why.replace('_', ' ')}" if parcel.why and name in ("delivered_at", "failed_at") else ""
    return f" ({PROOFS[parcel.proof]}){why}" if name == "delivered_at" and parcel.proof else why


def _at(at: datetime, zone: str = "UTC") -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")


def _until(at: datetime | None) -> str:
    return f", kept until {_at(at)}" if at is not None else ""

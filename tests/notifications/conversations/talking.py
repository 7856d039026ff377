"""A made-up evening in the demo's city: what is known, and a thread that runs the pure core turn by turn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import app.demo.seed as seed
from notifications.conversations.answering import Asked, Reply, answer, completed
from notifications.conversations.knowledge import (
    Delivery,
    Facts,
    Known,
    KnownPlace,
    KnownProduct,
    OfferFact,
    OrderFact,
    PlaceFact,
    ProductFact,
    Sent,
    Understanding,
)
from notifications.conversations.understanding import understand

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORDERS = {
    "none": (),
    "one": (OrderFact("ord_7k2m9x", "paid", "12.40 €", "20 Nov"),),
    "many": (OrderFact("ord_7k2m9x", "paid", "12.40 €", "20 Nov"), OrderFact("ord_4h8t2q", "cancelled", "5.90 €", "18 Nov")),
}
SENT = {"mm-4f7k2": "Autumn bonbon", "amber acorn": ""}
DIALOGUES = Path(__file__).with_name("dialogues.tsv")
FRESH = Path(__file__).with_name("fresh_dialogues.tsv")
"""Written before anybody had looked at how they are answered."""


@cache
def shelf() -> tuple[ProductFact, ...]:
    """The demo's own catalogue."""
    products = json.loads((Path(seed.__file__).parent / "catalogue.json").read_text(encoding="utf-8"))["products"]
    return tuple(
        ProductFact(
            p["id"], p["name"], p["description"], p["category"], f"{p['price_minor'] / 100:.2f} €", p.get("stock", 5),
            None if p.get("allergens") is None else tuple(p["allergens"]), None if p.get("may_contain") is None else tuple(p["may_contain"]),
            p.get("ingredients", {}), p.get("care", {}), p.get("serves"), p["price_minor"],
        )
        for p in products
    )  # fmt: skip


@cache
def known() -> Known:
    products = json.loads((Path(seed.__file__).parent / "catalogue.json").read_text(encoding="utf-8"))["products"]
    return Known(
        tuple(KnownProduct(p["id"], p["name"], p["category"], tuple(p.get("also_called", ()))) for p in products),
        tuple(KnownPlace(p.id, p.name) for p in places()),
    )


@cache
def places() -> tuple[PlaceFact, ...]:
    layer = json.loads((Path(seed.__file__).parent / "city" / "places.geojson").read_text(encoding="utf-8"))["features"]
    return tuple(PlaceFact(f["properties"]["id"], f["properties"]["name"], "sun", f["properties"].get("hours", {})) for f in layer)


def facts(u: Understanding, world: str) -> Facts:
    of, where = {p.id: p for p in shelf()}, {p.id: p for p in places()}
    rich = world != "none"
    return Facts(
        now=NOW, products=tuple(of[i] for i in u.products), shelf=shelf(), places=tuple(where[i] for i in u.places), orders=ORDERS[world],
        offers=(OfferFact("Autumn bonbon", "30 Nov"),) if rich else (), withheld=("dec_1", "Quiet week: you had an offer yesterday.") if rich else None,
        deliveries=(Delivery("In the shop", ""), Delivery("Home delivery", "4.90 €")), returns_days=30, sent=tuple(Sent(c, SENT.get(c)) for c in u.codes),
    )  # fmt: skip


@dataclass(frozen=True)
class Row:
    part: str
    world: str
    language: str
    said: tuple[str, ...]
    kind: str
    """What it must be; several with a slash between: each is right."""
    holds: tuple[str, ...]
    never: tuple[str, ...]


def rows(of: Path = DIALOGUES) -> list[Row]:
    found = []
    for line in of.read_text(encoding="utf-8").splitlines()[1:]:
        part, world, language, said, kind, holds, never = (*line.split("\t"), "")[:7]
        split = lambda text: tuple(w.strip() for w in text.split(";") if w.strip())  # noqa: E731
        found.append(Row(part, world, language, tuple(s.strip() for s in said.split(">>")), kind.replace("handoff", "hand_off"), split(holds), split(never)))
    return found


def talk(row: Row) -> tuple[Understanding, Reply]:
    """The last understanding and reply of the dialogue."""
    asked: Asked | None = None
    last: tuple[str, ...] = ()
    language = row.language if len(row.said) > 1 else "en"
    for said in row.said:
        u = completed(understand(said, known(), language=language), asked, last)
        reply = answer(u, facts(u, row.world), asked=asked)
        language, asked, last = u.language, reply.asked, reply.products or last
    return u, reply


def wrong(row: Row, reply: Reply) -> str:
    """What is wrong with the reply; empty: nothing."""
    text = reply.text.casefold()
    if reply.kind not in row.kind.split("/"):
        return f"{reply.kind} instead of {row.kind}"
    missing = [h for h in row.holds if h.casefold() not in text]
    said = [n for n in row.never if n.casefold() in text]
    return f"missing {missing}, must not say {said}" if missing or said else ""

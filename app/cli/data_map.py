"""Which table holds what kind of data about a shopper, which module reads it, for what use, and how long it stays: docs/data-map.md and
`moments privacy map`.

Owns finding the reads in our own source, and the page. What is declared stands in the rooms' `data_tags.py`; tests/architecture holds
the two against each other. Must not be imported by a room.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.migrations import metadata
from app.privacy.tags import CATEGORIES, is_personal, tagged
from app.privacy.uses import DATA_USES, Use

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("app", "geofences", "offers", "storefront", "notifications")
SQL_TABLE = re.compile(r"\b(?:from|join|update|into)\s+\"?([a-z]+_[a-z_0-9]+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Held:
    """One table with personal columns. `categories`: category -> its columns; `modules`: who reads it; `keeps`: sentences of its rules."""

    table: str
    categories: Mapping[str, tuple[str, ...]]
    modules: tuple[str, ...]
    uses: tuple[str, ...]
    keeps: tuple[str, ...]


@cache
def declared() -> tuple[dict[tuple[str, str], str], dict[str, tuple[str, ...]]]:
    """((table, column) -> category, module -> its uses), as the `data_tags.py` of the house say."""
    categories: dict[tuple[str, str], str] = {}
    uses: dict[str, tuple[str, ...]] = {}
    for path in sorted(p for room in ROOMS for p in (ROOT / room).rglob("data_tags.py")):
        package = ".".join(path.relative_to(ROOT).parent.parts)
        tags = importlib.import_module(f"{package}.data_tags")
        categories |= {(table, column): category for table, column, category in tagged(tags.TAGS)}
        for use, modules in tags.USES.items():
            for module in modules.split():
                name = f"{package}.{module}"
                uses[name] = (*uses.get(name, ()), use)
    return categories, uses


def personal_tables() -> frozenset[str]:
    """The tables with a column about a shopper."""
    return frozenset(table for (table, _), category in declared()[0].items() if is_personal(category))


@cache
def reads() -> dict[str, frozenset[str]]:
    """Module -> the tables with personal columns it names, by their model or in SQL of its own. Models and tags name all and read none."""
    metadata()  # loads every model
    personal = personal_tables()
    found: dict[str, frozenset[str]] = {}
    for path in sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py")):
        if path.name in ("models.py", "data_tags.py") or "versions" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if named := frozenset(_tables_named(ast.parse(text), personal)):
            found[".".join(path.relative_to(ROOT).with_suffix("").parts)] = named
    return found


def _tables_named(tree: ast.Module, personal: frozenset[str]) -> Iterator[str]:
    words = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}  # docstrings
    modules: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOMS:
            source = importlib.import_module(node.module)
            for alias in node.names:
                named = getattr(source, alias.name, None)
                modules[alias.asname or alias.name] = named
                yield from _of_model(named, personal)
        elif isinstance(node, ast.ClassDef):
            yield from (c.value.value for c in node.body if isinstance(c, ast.Assign) and isinstance(c.value, ast.Constant) and c.value.value in personal)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            yield from (table for table in SQL_TABLE.findall(node.value) if table in personal)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in personal:
            yield node.slice.value  # metadata.tables["..."]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield from _of_model(getattr(modules[node.value.id], node.attr, None), personal)


def _of_model(found: object, personal: frozenset[str]) -> Iterator[str]:
    table = getattr(found, "__tablename__", None) if isinstance(found, type) else None
    if table in personal:
        yield table


def data_map() -> list[Held]:
    """Every table with personal columns, by name."""
    from app.bootstrap import register_people_data
    from app.privacy.retention import registered_rules
    from app.settings import Settings

    register_people_data(Settings.model_construct())  # as shipped: the page must not depend on who makes it
    categories, uses = declared()
    rules = registered_rules()
    held: list[Held] = []
    for table in sorted(personal_tables()):
        mine: dict[str, tuple[str, ...]] = {}
        for (of, column), category in categories.items():
            if of == table and is_personal(category):
                mine[category] = (*mine.get(category, ()), column)
        modules = tuple(module for module, tables in reads().items() if table in tables)
        used = tuple(key for key in DATA_USES if any(key in uses.get(module, ()) for module in modules))
        held.append(Held(table, mine, modules, used, tuple(r.why for r in rules if r.table == table)))
    return held


def data_map_page(made: str) -> str:
    """docs/data-map.md. `made` says by what."""
    lines = [
        "# The data map\n",
        made,
        "Every table that holds something about a shopper: what kind (keys of [Fideslang](https://ethyca.github.io/fideslang/)), for which uses the modules that read it",
        "declare, and how long it stays. `moments privacy map` prints the same.\n",
        "## Tables\n",
        "| table | what it holds | used for | kept |",
        "|---|---|---|---|",
    ]
    for held in data_map():
        what = "<br>".join(f"`{category}`: {', '.join(columns)}" for category, columns in held.categories.items())
        lines.append(f"| `{held.table}` | {what} | {'<br>'.join(f'`{u}`' for u in held.uses)} | {' '.join(held.keeps) or 'with the row it belongs to'} |")
    lines += ["\n## Kinds of data\n", "| category | what it is |", "|---|---|", *(f"| `{key}` | {words} |" for key, words in CATEGORIES.items())]
    lines += ["\n## Uses\n", "| use | what for | lawful basis | purpose asked for |", "|---|---|---|---|"]
    lines += [f"| `{key}` | {use.words} | {use.basis.value} | {_purposes(use)} |" for key, use in DATA_USES.items()]
    return "\n".join(lines) + "\n"


def _purposes(use: Use) -> str:
    return ", ".join(f"`{p}`" for p in use.purposes) or "none"

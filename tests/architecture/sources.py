"""Reads the house's own source files for the architecture tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.paths import REPOSITORY

ROOTS = ("app", "geofences", "offers", "notifications", "storefront")


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file of the product, the generated revisions excepted."""
    found: list[Path] = []
    for root in ROOTS:
        found += [p for p in (REPOSITORY / root).rglob("*.py") if "versions" not in p.parts and "node_modules" not in p.parts]
    return tuple(sorted(found))


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@cache
def tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SystemError:  # CPython before 3.11.8 may lose count of its depth when a thread interrupts it (gh-106905)
        return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node

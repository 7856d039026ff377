"""What import-linter cannot see: sizes, names, docstrings, and who may commit.

Each of these was seen to fail once on a planted breach (a long function, a `utils.py`, a stray commit).
"""

from __future__ import annotations

import ast

from tests.architecture.sources import functions, name, python_files, tree
from tests.paths import REPOSITORY

FORBIDDEN_NAMES = {"service.py", "services.py", "utils.py", "util.py", "helpers.py", "common.py", "manager.py", "misc.py"}
TOP_LEVEL = {"app", "geofences", "offers", "notifications", "storefront", "tests"}


class TestFiles:
    def test_there_is_something_to_check(self) -> None:
        assert len(python_files()) > 50

    def test_app_init_is_empty(self) -> None:
        assert (REPOSITORY / "app" / "__init__.py").read_text() == ""

    def test_no_further_top_level_package(self) -> None:
        packages = {p.parent.name for p in REPOSITORY.glob("*/__init__.py")}
        assert packages == TOP_LEVEL

    def test_no_dumping_grounds(self) -> None:
        assert [name(p) for p in python_files() if p.name in FORBIDDEN_NAMES] == []

    def test_files_stay_small(self) -> None:
        long = {name(p): n for p in python_files() if (n := len(p.read_text().splitlines())) > 400}
        assert long == {}

    def test_functions_stay_small(self) -> None:
        long = {
            f"{name(p)}:{f.name}": lines
            for p in python_files()
            for f in functions(p)
            if (lines := (f.end_lineno or 0) - f.lineno + 1) > 70
        }
        assert long == {}

    def test_every_file_says_what_it_owns(self) -> None:
        silent = [name(p) for p in python_files() if p.stat().st_size > 0 and ast.get_docstring(tree(p)) is None]
        assert silent == []


class TestCommit:
    def test_only_the_kernel_commits(self) -> None:
        guilty: list[str] = []
        for path in python_files():
            if name(path) in ("app/kernel/db.py", "app/migrations/env.py"):
                continue
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("commit", "rollback"):
                    guilty.append(f"{name(path)}:{node.lineno}")
        assert guilty == []


class TestClock:
    def test_nobody_else_reads_the_wall_clock(self) -> None:
        """`now()` comes from the clock port, so that any moment can be replayed."""
        guilty: list[str] = []
        for path in python_files():
            if name(path) == "app/kernel/clock.py":
                continue
            for node in ast.walk(tree(path)):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                owner = node.func.value
                owner_name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                if (owner_name, node.func.attr) in {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}:
                    guilty.append(f"{name(path)}:{node.lineno}")
        assert guilty == []

"""`moments privacy map`: which table holds what about a shopper, for which uses, and how long.

Owns the command and its layout; app/cli/data_map.py finds it in the source. Must not open the database.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="What is held about people, and for what.", no_args_is_help=True, rich_markup_mode=None)


@program.callback()
def privacy() -> None:
    """Keeps `map` a command of its own while it is the only one."""


@program.command("map")
def show_map(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="One table; else all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print each table about shoppers with the kinds of data it holds, its uses and how long it is kept."""
    from app.cli.data_map import data_map
    from app.cli.terminal import print_json, print_table
    from app.kernel.errors import NotFound

    held = [each for each in data_map() if table in (None, each.table)]
    if not held:
        raise NotFound(f"TABLE: no table {table} holds anything about a shopper; `moments privacy map` lists those that do")
    if as_json:
        print_json(held)
        return
    rows = [[each.table, "\n".join(each.categories), "\n".join(each.uses), "\n".join(each.keeps)] for each in held]
    print_table(["table", "holds", "used for", "kept"], rows, empty="none")

"""`moments db`: the database as a whole.

Owns the commands; app/migrations/copying.py does the work. Must not print a password.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

program = typer.Typer(help="The database as a whole: move it to PostgreSQL.", no_args_is_help=True, rich_markup_mode=None)


@program.callback()
def whole() -> None:
    """A group, though it has one command."""


@program.command("copy")
def copy(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty PostgreSQL: postgresql://USER@HOST/NAME.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Copy everything into an empty PostgreSQL, and prove it equal.

    Stop the house first. All or nothing: each table is read back and compared before anything is kept. Keys are in no table: the files
    beside the database are named at the end, take them along.
    """
    from sqlalchemy.exc import ArgumentError

    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.kernel.db import Database
    from app.kernel.errors import AppError
    from app.migrations.copying import Differs, copy_all
    from app.settings import load_settings

    settings, differing = load_settings(), ""
    with opened_database() as source:
        try:
            target = Database(to, pool_size=2)
        except ArgumentError:
            raise AppError("--to: that is no address of a database; write postgresql://USER@HOST/NAME") from None
        try:
            found: Any = copy_all(source, target)
        except Differs as error:
            found, differing = error.found, str(error)
        finally:
            target.close()
        take = [] if differing else to_take(settings.data_dir, source.url.database if source.dialect == "sqlite" else None, settings.security.keys_url)
    if as_json:
        print_json({"equal": not differing, "tables": [{"table": t.table, "rows": t.rows, "checksum": t.checksum, "there_rows": t.there_rows, "there_checksum": t.there_checksum, "equal": t.equal} for t in found], "take_along": take})
    else:
        rows = [(t.table, t.rows, t.there_rows, t.checksum[:16], t.there_checksum[:16], "equal" if t.equal else "DIFFERS") for t in found if t.rows or t.there_rows]
        print_table(("table", "rows", "there", "checksum", "there", ""), rows, empty="No table has a row.")
        if not differing:
            print(f"\n{sum(t.rows for t in found)} rows of {len(found)} tables are there, all equal. No key is in them. Take along, to every server:")
            print("\n".join(f"  {each}" for each in take))
            print("Then set MOMENTS_DATABASE_URL to the target and run `moments doctor`.")
    if differing:
        raise AppError(f"not equal: {differing}; nothing was kept")


def to_take(data_dir: Path, database: str | None, keys_url: str) -> list[str]:
    """The files beside the database that it is of no use without."""
    name = Path(database).name if database else ""
    files = [str(each) for each in sorted(data_dir.iterdir()) if not (name and each.name.startswith(name)) and not each.name.endswith(("-wal", "-shm"))]
    return [*files, *(["the database of keys (MOMENTS_SECURITY__KEYS_URL): leave it where it is, and the setting as it is"] if keys_url else [])]

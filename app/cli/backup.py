"""`moments backup FILE`: a copy of the SQLite database, taken while it is in use.

Owns the command. Must never put a key into it: not the secrets file, not the store of shoppers' keys. That is what makes an erasure
reach every copy there is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def backup(out: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to write, readable by you alone.")]) -> None:
    """Copy the SQLite database while it is in use.

    The copy holds no key: keep secrets.json and keys.sqlite3 elsewhere, as docs/operations.md says. Of PostgreSQL, pg_dump makes one.
    """
    from app.cli.opening import opened_database
    from app.kernel.errors import Invalid

    with opened_database() as database:
        if database.dialect != "sqlite":
            raise Invalid.field("FILE", "the database is PostgreSQL; use pg_dump")
        copy_of(database, out)
    print(f"wrote {out}")


def copy_of(database: object, out: Path) -> None:
    """The database as it is at one instant. Batches of several people's positions that are not processed yet stay behind: they are
    sealed with the house's key, and last seconds."""
    import os
    import sqlite3
    from contextlib import closing

    from app.kernel.db import Database
    from app.kernel.errors import Invalid
    from geofences.facade import leave_behind

    assert isinstance(database, Database)
    try:
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise Invalid.field("FILE", f"{out} is there already; name a new file") from None
    with closing(sqlite3.connect(f"file:{database.url.database}?mode=ro", uri=True)) as source, closing(sqlite3.connect(out)) as target:
        source.backup(target, pages=4_096)
        target.execute("PRAGMA secure_delete=ON")
        target.execute("PRAGMA journal_mode=DELETE")
    copied = Database(f"sqlite:///{out}")
    try:
        with copied.transaction() as session:
            leave_behind(session)
        copied.empty_log()
        with copied.engine.connect() as connection:
            connection.connection.dbapi_connection.execute("PRAGMA journal_mode=DELETE")  # type: ignore[union-attr] # one file, no log beside it
    finally:
        copied.close()

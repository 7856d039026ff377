"""How a command gets at the data: the database alone, or the whole house.

Owns opening and closing. Must not start loops: `serve` and `scheduler` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from app.bootstrap import House
    from app.kernel.db import Database


@contextmanager
def opened_database(*, migrated: bool = True) -> Iterator[Database]:
    """The configured database; with `migrated` it must be at this release's revision."""
    from app.kernel.db import Database
    from app.settings import load_settings

    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.resolved_database_url())
    try:
        if migrated:
            require_migrated(database)
        yield database
    finally:
        database.close()


@contextmanager
def opened_keys(*, migrated: bool = True) -> Iterator[tuple[Database, Path]]:
    """The database, and the data directory whose secrets and shoppers' keys this process uses."""
    from app.security.audit import journal
    from app.security.sealing import use_secrets
    from app.security.secrets import load_or_create
    from app.security.vault import open_vault, use_vault
    from app.settings import load_settings

    with opened_database(migrated=migrated) as database:
        settings = load_settings()
        use_secrets(load_or_create(settings.data_dir))
        journal.keep_anchor(database, settings.data_dir)
        vault = open_vault(settings.data_dir, settings.security.keys_url)
        use_vault(vault)
        try:
            yield database, settings.data_dir
        finally:
            vault.close()


@contextmanager
def opened_house() -> Iterator[House]:
    """Everything built as the server builds it, with no loop running."""
    from app.bootstrap import build
    from app.kernel.logs import configure_logs
    from app.settings import load_settings

    settings = load_settings()
    configure_logs(level="ERROR", as_json=False)
    house = build(settings)
    try:
        require_migrated(house.database)
        yield house
    finally:
        house.stop()


def require_migrated(database: Database) -> None:
    """Raises `NotMigrated` when the schema is older or newer than this release."""
    from app.kernel.errors import AppError
    from app.migrations import current

    at, newest = current(database)
    if at != newest:
        raise AppError("the database is not at this release's revision; run: moments migrate")

"""Schema changes: alembic, one line of revisions for both engines.

Owns `metadata()` (every table of the house), `upgrade` and `downgrade`. Must not touch data beyond what a revision needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from app.kernel.db import Base, Database

ROOMS = ("app.kernel", "app.security", "app.privacy", "app.analytics", "geofences", "offers", "storefront", "notifications")


def metadata() -> MetaData:
    """All tables: imports `models` of every room and sub-folder, and the kernel's own."""
    for name in ("app.kernel.outbox", "app.kernel.idempotency", "app.kernel.leases"):
        importlib.import_module(name)
    for room in ROOMS[1:]:
        package = importlib.import_module(room)
        for found in pkgutil.walk_packages(package.__path__, prefix=f"{room}."):
            if found.name.rsplit(".", 1)[-1] == "models":
                importlib.import_module(found.name)
    return Base.metadata


def _config(database: Database) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`; safe to call at every start (SQLite: under the file's write lock)."""
    from alembic import command

    if revision == "head":
        at, newest = current(database)
        if at == newest:
            return  # every start but the first of a release: nothing to load, nothing to lock
    command.upgrade(_config(database), revision)
    database.empty_log()  # what a revision has sealed or taken out stands in no older copy


def downgrade(database: Database, revision: str) -> None:
    from alembic import command

    command.downgrade(_config(database), revision)


def current(database: Database) -> tuple[str | None, str | None]:
    """(revision the database is at, newest revision of this release)."""
    from alembic.runtime.migration import MigrationContext

    with database.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    return at, _newest()


@cache
def _newest() -> str | None:
    """A release's revisions do not change while it runs, and /readyz asks every few seconds."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(__file__).parent)).get_current_head()

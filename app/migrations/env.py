"""Alembic's entry: runs the revisions on the engine it is handed (app/migrations/__init__.py)."""

from typing import Any, Literal

from alembic import context

from app.kernel.db import Instant, Json
from app.migrations import metadata

engine = context.config.attributes["engine"]


def render_item(kind: str, thing: Any, autogen_context: Any) -> str | Literal[False]:
    """Our two column types stand in revisions by name: what they are on each engine is theirs to say."""
    if kind == "type" and isinstance(thing, Instant):
        autogen_context.imports.add("from app.kernel.db import Instant")
        return "Instant()"
    if kind == "type" and thing is Json:
        autogen_context.imports.add("from app.kernel.db import Json")
        return "Json"
    return False


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata(), render_as_batch=True, compare_type=True, render_item=render_item)
    with context.begin_transaction():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7306)")  # two replicas starting at once migrate in turn
        context.run_migrations()
    connection.commit()

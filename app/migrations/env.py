"""Alembic's entry: runs the revisions on the engine it is handed (app/migrations/__init__.py)."""

from alembic import context

from app.migrations import metadata

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata(), render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7306)")  # two replicas starting at once migrate in turn
        context.run_migrations()
    connection.commit()

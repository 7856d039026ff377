"""Which full-text index answers: that of the engine the session speaks to."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront.catalog.adapters.postgresql_index import PostgresqlIndex
from storefront.catalog.adapters.sqlite_index import SqliteIndex
from storefront.catalog.ports import ProductIndex


def index_of(session: Session) -> ProductIndex:
    return SqliteIndex() if session.get_bind().dialect.name == "sqlite" else PostgresqlIndex()

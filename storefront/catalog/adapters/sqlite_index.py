"""SQLite's FTS5: tables without contents of their own over `storefront_product_search` and `storefront_listing`, kept by triggers (revisions
0044 and 0061)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, Select, column, func, literal, literal_column, select, table
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.catalog.matching import Wanted
from storefront.catalog.models import ListingRow, ProductSearchRow
from storefront.catalog.narrowing import AnyOf
from storefront.catalog.ports import T


class SqliteIndex:
    def holds(self, wanted: Sequence[Wanted], *, in_names: bool) -> ColumnElement[bool]:
        expression = " AND ".join(f"({_word(one)})" for one in wanted)
        return ProductSearchRow.no.in_(_found("storefront_product_fts", f"names : ({expression})" if in_names else expression))

    def within(self, narrowed_by: Sequence[AnyOf]) -> ColumnElement[bool]:
        return ListingRow.no.in_(_found("storefront_listing_fts", _narrowing(narrowed_by)))

    def answers(self, session: Session, narrowed_by: Sequence[AnyOf], *, most: int) -> bool:
        """Counted: it cannot guess it, least of all of several conditions that hang together."""
        some = _found("storefront_listing_fts", _narrowing(narrowed_by)).limit(most + 1).subquery()
        return (session.scalar(select(func.count()).select_from(some)) or 0) <= most

    def unaided(self, column: InstrumentedAttribute[T]) -> ColumnElement[T]:
        """With the plus no index answers it: it would else choose that of any condition there is, however many answer it, and sort them all."""
        return literal_column(f"+{column.table.name}.{column.name}", column.type)

    def learn(self, session: Session) -> None:
        """Its plans follow from the indexes alone."""


def _narrowing(narrowed_by: Sequence[AnyOf]) -> str:
    return " AND ".join(f"({' OR '.join(any_of)})" for any_of in narrowed_by)


def _found(index: str, expression: str) -> Select[tuple[int]]:
    full_text = table(index, column("rowid", Integer), column(index))
    return select(full_text.c.rowid).where(full_text.c[index].op("MATCH")(literal(expression)))


def _word(wanted: Wanted) -> str:
    """Words are letters and digits only, so nothing in them means anything to FTS5; quoted, as AND and OR are words too."""
    return " OR ".join([f'"{wanted.word}"*', *(f'"{word}"' for word in wanted.meant)])

"""SQLite's FTS5: a table without contents of its own over `storefront_product_search`, kept by triggers (revision 0044)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, column, literal, select, table, text
from sqlalchemy.orm import Session

from storefront.catalog.matching import Wanted
from storefront.catalog.models import ProductSearchRow

_FTS = table("storefront_product_fts", column("rowid"), column("storefront_product_fts"))


class SqliteIndex:
    def holds(self, wanted: Sequence[Wanted], *, in_names: bool) -> ColumnElement[bool]:
        expression = " AND ".join(f"({_word(one)})" for one in wanted)
        asked = literal(f"names : ({expression})" if in_names else expression)
        return ProductSearchRow.no.in_(select(_FTS.c.rowid).where(_FTS.c.storefront_product_fts.op("MATCH")(asked)))


    def listed(self) -> ColumnElement[bool]:
        """With the plus no index answers it: by the one of variants it would find all products there are, and sort them before it shows the first few."""
        return text("+storefront_product.head_id IS NULL")  # type: ignore[return-value]

    def learn(self, session: Session) -> None:
        """Its plans follow from the indexes alone."""


def _word(wanted: Wanted) -> str:
    """Words are letters and digits only, so nothing in them means anything to FTS5; quoted, as AND and OR are words too."""
    return " OR ".join([f'"{wanted.word}"*', *(f'"{word}"' for word in wanted.meant)])

"""PostgreSQL's full text: GIN indexes over the words as they are, without a parser or a dictionary of its own (revision 0044)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.orm import Session

from storefront.catalog.matching import Wanted
from storefront.catalog.models import ProductRow

NAMES = "array_to_tsvector(array_remove(string_to_array(storefront_product_search.names, ' '), ''))"
ALL = (
    "array_to_tsvector(array_remove(string_to_array(storefront_product_search.names || ' ' || storefront_product_search.category"
    " || ' ' || storefront_product_search.rest, ' '), ''))"
)
"""As in the revision: an index is used for exactly its own expression."""
INDEXES = ("storefront_product_fts_names", "storefront_product_fts_all")


class PostgresqlIndex:
    def holds(self, wanted: Sequence[Wanted], *, in_names: bool) -> ColumnElement[bool]:
        expression = " & ".join(f"({_word(one)})" for one in wanted)
        return text(f"{NAMES if in_names else ALL} @@ CAST(:wanted AS tsquery)").bindparams(bindparam("wanted", expression))  # type: ignore[return-value]

    def listed(self) -> ColumnElement[bool]:
        return ProductRow.head_id.is_(None)

    def learn(self, session: Session) -> None:
        """Else, until a minute later, searches take several times as long: they are planned for a table of which nothing is known, and go
        through all that was put into the indexes last, which is kept apart until somebody sorts it in."""
        session.execute(text("ANALYZE storefront_product, storefront_product_search, storefront_product_option"))
        session.execute(select(*(func.gin_clean_pending_list(cast(literal(name), REGCLASS)) for name in INDEXES)))


def _word(wanted: Wanted) -> str:
    """Words are letters and digits only: quoted, nothing in them means anything to PostgreSQL."""
    return " | ".join([f"'{wanted.word}':*", *(f"'{word}'" for word in wanted.meant)])

"""PostgreSQL's full text: GIN indexes over the words as they are, without a parser or a dictionary of its own (revisions 0044 and 0061)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Text, bindparam, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import REGCLASS, TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.catalog.matching import Wanted
from storefront.catalog.models import ListingRow
from storefront.catalog.narrowing import AnyOf
from storefront.catalog.ports import T

NAMES = "array_to_tsvector(array_remove(string_to_array(storefront_product_search.names, ' '), ''))"
ALL = (
    "array_to_tsvector(array_remove(string_to_array(storefront_product_search.names || ' ' || storefront_product_search.category"
    " || ' ' || storefront_product_search.rest, ' '), ''))"
)
"""As in the revision: an index is used for exactly its own expression."""
INDEXES = ("storefront_product_fts_names", "storefront_product_fts_all", "storefront_listing_fts")


class PostgresqlIndex:
    def holds(self, wanted: Sequence[Wanted], *, in_names: bool) -> ColumnElement[bool]:
        expression = " & ".join(f"({_word(one)})" for one in wanted)
        return text(f"{NAMES if in_names else ALL} @@ CAST(:wanted AS tsquery)").bindparams(bindparam("wanted", expression))  # type: ignore[return-value]

    def within(self, narrowed_by: Sequence[AnyOf]) -> ColumnElement[bool]:
        expression = " & ".join(f"({' | '.join(any_of)})" for any_of in narrowed_by)
        return ListingRow.narrowed_by.op("@@", is_comparison=True)(cast(literal(expression, Text), TSQUERY))

    def answers(self, session: Session, narrowed_by: Sequence[AnyOf], *, most: int) -> bool:  # noqa: ARG002 - SQLite's adapter needs them
        """It finds the way by itself, through the index or through the list: to ask a row of the list for its words costs next to nothing."""
        return True

    def unaided(self, column: InstrumentedAttribute[T]) -> ColumnElement[T]:
        """It knows how much each condition leaves, and chooses well."""
        return column.expression

    def learn(self, session: Session) -> None:
        """Else, until a minute later, searches take several times as long: they are planned for a table of which nothing is known, and go
        through all that was put into the indexes last, which is kept apart until somebody sorts it in."""
        session.execute(text("ANALYZE storefront_product, storefront_listing, storefront_product_search, storefront_product_option"))
        session.execute(select(*(func.gin_clean_pending_list(cast(literal(name), REGCLASS)) for name in INDEXES)))


def _word(wanted: Wanted) -> str:
    """Words are letters and digits only: quoted, nothing in them means anything to PostgreSQL."""
    return " | ".join([f"'{wanted.word}':*", *(f"'{word}'" for word in wanted.meant)])

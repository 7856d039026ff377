"""What the search asks of a full-text index: which products. Two adapters: SQLite's FTS5, PostgreSQL's GIN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.catalog.matching import Wanted
from storefront.catalog.narrowing import AnyOf

T = TypeVar("T")


class ProductIndex(Protocol):
    """Follows the tables `storefront_product_search` and `storefront_listing` by itself, within the transaction that changes them."""

    def holds(self, wanted: Sequence[Wanted], *, in_names: bool) -> ColumnElement[bool]:
        """True for the rows of `storefront_product_search` that hold every one of `wanted` (at least one), in their names or anywhere."""
        ...

    def within(self, narrowed_by: Sequence[AnyOf]) -> ColumnElement[bool]:
        """True for the rows of `storefront_listing` that have one word of each of `narrowed_by` (at least one)."""
        ...

    def answers(self, session: Session, narrowed_by: Sequence[AnyOf], *, most: int) -> bool:
        """Whether `within` is the way to them: where far more than `most` are, going through the list would find enough of them sooner."""
        ...

    def unaided(self, column: InstrumentedAttribute[T]) -> ColumnElement[T]:
        """The same value, by which the engine looks nothing up: it is asked of products that were found by other means."""
        ...

    def learn(self, session: Session) -> None:
        """Very many products were just put in or changed: whatever the engine has to know of them to plan a search well, it learns now."""
        ...

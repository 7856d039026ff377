"""What the search asks of a full-text index: a condition. Two adapters: SQLite's FTS5, PostgreSQL's GIN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from storefront.catalog.matching import Wanted


class ProductIndex(Protocol):
    """Follows the table `storefront_product_search` by itself, within the transaction that changes it."""

    def holds(self, wanted: Sequence[Wanted], *, in_names: bool) -> ColumnElement[bool]:
        """True for the rows of `storefront_product_search` that hold every one of `wanted` (at least one), in their names or anywhere."""
        ...

    def listed(self) -> ColumnElement[bool]:
        """Of `ProductRow`: it is what one looks for, no variant."""
        ...

    def learn(self, session: Session) -> None:
        """Very many products were just put in or changed: whatever the engine has to know of them to plan a search well, it learns now."""
        ...

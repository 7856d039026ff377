"""Tables of the catalogue: products and their variants, categories, what lies in which store, and the words products are found by.

Stock lives on the row of what is sold, and is never negative.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json

WORD_LENGTH = 64


class ProductRow(Base):
    """What is sold, and what it is a variant of. A product with variants has a row too (`is_head`): it is what one looks for, and is not sold
    itself; its price is that of the cheapest. `head_id` of a variant says whose it is, `options` which one (`{"size": "39"}`).

    `stock_units` is what can still be sold: holds of unpaid orders are already taken off. `position`: of a variant among its siblings. `prices`: currency -> minor units, beside `currency`.
    `particulars`: what is declared (contracts.Particulars), None: nothing. `images`: every picture, the first of which is `image`.
    """

    __tablename__ = "storefront_product"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(80), index=True)
    image: Mapped[str] = mapped_column(String(200))
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    stock_units: Mapped[int]
    particulars: Mapped[dict[str, Any] | None] = mapped_column(Json)
    on_sale: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(10), default="physical", server_default="physical")
    sku: Mapped[str] = mapped_column(String(60), default="", server_default="")
    head_id: Mapped[str | None] = mapped_column(String(60), index=True)
    is_head: Mapped[bool] = mapped_column(default=False, server_default=false())
    options: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    images: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    prices: Mapped[dict[str, int]] = mapped_column(Json, default=dict, server_default="{}")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    added_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        CheckConstraint("stock_units >= 0", name="stock_not_negative"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
    )


class CategoryRow(Base):
    """Where a category lies: in another one, or in none. A category that no row names stands by itself."""

    __tablename__ = "storefront_category"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    parent: Mapped[str | None] = mapped_column(String(80), index=True)


class OptionRow(Base):
    """What one can choose of a product: a value of an option of it or of one of its variants. `listed_id` is what a search lists."""

    __tablename__ = "storefront_product_option"
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_product.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(80))
    listed_id: Mapped[str] = mapped_column(String(60))
    __table_args__ = (Index("ix_storefront_product_option_of_listed", "listed_id", "name", "value"),)


class ShelfRow(Base):
    """What of a product lies in a store, and where there (`aisle`). Beside `stock_units`, which is what is sent from the warehouse."""

    __tablename__ = "storefront_shelf"
    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_product.id", ondelete="CASCADE"), primary_key=True, index=True)
    units: Mapped[int]
    aisle: Mapped[str] = mapped_column(String(40))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (CheckConstraint("units >= 0", name="units_not_negative"),)


class ProductSearchRow(Base):
    """The words a product that is on sale is found by, folded (words.Texts). The full-text index of the engine follows this table by itself:
    by triggers on SQLite, which rebuild with it if a revision ever makes it anew."""

    __tablename__ = "storefront_product_search"
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_product.id", ondelete="CASCADE"), unique=True)
    names: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    rest: Mapped[str] = mapped_column(Text)


class ListingRow(Base):
    """What one looks for: a row for each product that is on sale and no variant, under the number its words have. It repeats of the product what a
    list is put in order and narrowed down by, and nothing else: of so small a row a whole shop is read in the time a few hundred products take.

    `narrowed_by`: words (narrowing.words_of), which the engine's full text follows by itself, as it does those of ProductSearchRow."""

    __tablename__ = "storefront_listing"
    no: Mapped[int] = mapped_column(ForeignKey("storefront_product_search.no", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    product_id: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    added_at: Mapped[datetime | None] = mapped_column(Instant)
    narrowed_by: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))
    __table_args__ = (
        Index("ix_storefront_listing_by_name", "name", "product_id"),
        Index("ix_storefront_listing_by_price", "price_minor", "name", "product_id"),
        Index("ix_storefront_listing_by_age", "added_at"),
    )


class SearchWordRow(Base):
    """Every word some product was ever found by, in the order it came: what a slip of the finger is compared with."""

    __tablename__ = "storefront_search_word"
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    word: Mapped[str] = mapped_column(String(WORD_LENGTH), unique=True)

"""Tables of digital delivery: the file of a product, its bytes in parts, and how often what was bought has been fetched.

Owns the shapes. The bytes lie in the database, so that a backup holds them and every process can serve them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class FileRow(Base):
    """What is delivered for a digital product, or one variant of it. Who bought it before gets the newest too."""

    __tablename__ = "storefront_file"
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_product.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    put_at: Mapped[datetime] = mapped_column(Instant)


class FilePartRow(Base):
    """`PART_BYTES` of a file, the last part less."""

    __tablename__ = "storefront_file_part"
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_file.product_id", ondelete="CASCADE"), primary_key=True)
    part_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DownloadRow(Base):
    """How often the file of this line of an order was opened; `opened_at`: the last time."""

    __tablename__ = "storefront_download"
    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opened: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "line_no"], ["storefront_order_line.order_id", "storefront_order_line.line_no"], name="of_line", ondelete="CASCADE"),
        CheckConstraint("opened >= 0", name="opened"),
    )

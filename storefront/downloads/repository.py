"""Files of digital products: put, opened as often as was bought, and read in parts.

Owns the statements. A file is opened by one conditional UPDATE that counts; while it is open (`open_s`) it can be fetched again and in ranges
without counting, so that a broken connection costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import Database, insert_new, moved
from app.kernel.errors import Invalid
from storefront.catalog.models import ProductRow
from storefront.contracts import OrderState
from storefront.downloads.errors import DownloadClosed, DownloadsUsedUp, NothingToDownload
from storefront.downloads.models import DownloadRow, FilePartRow, FileRow
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.settings import StorefrontSettings

PART_BYTES = 256 * 1024
D, F, L = DownloadRow, FileRow, OrderLineRow


class Bounds(TypedDict):
    """`most`: how often each piece may be opened; `open_s`: for how long; `at`: now."""

    most: int
    open_s: int
    at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """What lies there for a product."""

    product_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Download:
    """What can be fetched of an order: `left`: how often it may still be opened; `open_until`: as long it can be fetched now."""

    line_no: int
    product: str
    file: File
    left: int
    open_until: datetime | None


def bounds(settings: StorefrontSettings, at: datetime) -> Bounds:
    """How often and how long, by the settings, and what time it is."""
    return {"most": settings.downloads_most, "open_s": settings.download_open_s, "at": at}


def address_of(order_id: str, line_no: int) -> str:
    """Where an open one is fetched, with her session."""
    return f"/v1/orders/{order_id}/downloads/{line_no}/file"


def put(session: Session, product_id: str, name: str, media_type: str, content: bytes, *, at: datetime) -> File:
    """This is delivered for the product from now on. Raises Invalid where the product is not digital or the file empty."""
    kind, is_head = session.execute(select(ProductRow.kind, ProductRow.is_head).where(ProductRow.id == product_id).with_for_update()).first() or (None, False)
    if kind != "digital" or is_head:
        raise Invalid.field("product_id", f"{product_id} is no digital product; import it with `kind` digital, and name the variant where it has some")
    if not content:
        raise Invalid.field("body", "the file is empty; send its bytes as the body")
    told = File(product_id, name, media_type, len(content), hashlib.sha256(content).hexdigest())
    session.execute(delete(FilePartRow).where(FilePartRow.product_id == product_id))
    columns = ("product_id", "name", "media_type", "size_bytes", "sha256", "put_at")
    insert_many(session, F, columns, [(product_id, name, media_type, told.size_bytes, told.sha256, at)], unique=("product_id",), replace=columns[1:])
    parts = [(product_id, no, content[start : start + PART_BYTES]) for no, start in enumerate(range(0, len(content), PART_BYTES))]
    insert_many(session, FilePartRow, ("product_id", "part_no", "content"), parts)
    return told


def of_order(session: Session, order_id: str, *, most: int, open_s: int, at: datetime) -> list[Download]:
    """What can be fetched of a paid order, line by line; nothing of one that is not paid."""
    found = (
        select(L.line_no, L.name, L.quantity - L.returned, F, D.opened, D.opened_at)
        .join(OrderRow, OrderRow.id == L.order_id)
        .join(F, F.product_id == L.product_id)
        .outerjoin(D, (D.order_id == L.order_id) & (D.line_no == L.line_no))
        .where(L.order_id == order_id, OrderRow.state == OrderState.PAID, L.quantity > L.returned)
        .order_by(L.line_no)
    )
    out: list[Download] = []
    for line_no, product, pieces, file, opened, opened_at in session.execute(found):
        until = opened_at + timedelta(seconds=open_s) if opened_at is not None else None
        told = File(file.product_id, file.name, file.media_type, file.size_bytes, file.sha256)
        out.append(Download(line_no, product, told, max(0, most * pieces - (opened or 0)), until if until is not None and until > at else None))
    return out


def line_of(session: Session, order_id: str, line_no: int, *, most: int, open_s: int, at: datetime) -> Download:
    """One of them. Raises NothingToDownload."""
    for one in of_order(session, order_id, most=most, open_s=open_s, at=at):
        if one.line_no == line_no:
            return one
    raise NothingToDownload


def open_line(session: Session, order_id: str, line_no: int, *, most: int, open_s: int, at: datetime) -> Download:
    """It can be fetched for `open_s` from now on, which counts once; what is open already stays so. Raises NothingToDownload, DownloadsUsedUp."""
    line_of(session, order_id, line_no, most=most, open_s=open_s, at=at)
    pieces = select(L.quantity - L.returned).where(L.order_id == order_id, L.line_no == line_no).scalar_subquery()
    insert_new(session, D, {"order_id": order_id, "line_no": line_no, "opened": 0}, unique=["order_id", "line_no"])
    closed = or_(D.opened_at.is_(None), D.opened_at <= at - timedelta(seconds=open_s))
    opens = update(D).where(D.order_id == order_id, D.line_no == line_no, D.opened < most * pieces, closed)
    moved(session, opens.values(opened=D.opened + 1, opened_at=at))
    told = line_of(session, order_id, line_no, most=most, open_s=open_s, at=at)
    if told.open_until is None:
        raise DownloadsUsedUp(extra={"most": most * (session.scalar(select(pieces)) or 0)})
    return told


def opened(session: Session, order_id: str, line_no: int, *, most: int, open_s: int, at: datetime) -> File:
    """The file, while it is open. Raises NothingToDownload, DownloadClosed."""
    told = line_of(session, order_id, line_no, most=most, open_s=open_s, at=at)
    if told.open_until is None:
        raise DownloadClosed
    return told.file


def bytes_of(database: Database, file: File, first: int, last: int) -> Iterator[bytes]:
    """The bytes `first` to `last`, a part at a time, each read by itself: who fetches slowly holds nothing. Ends early if another file was put there
    meanwhile, so that nobody gets half of each."""
    for no in range(first // PART_BYTES, last // PART_BYTES + 1):
        with database.reading() as session:
            part = select(FilePartRow.content).join(F, F.product_id == FilePartRow.product_id)
            content = session.scalar(part.where(FilePartRow.product_id == file.product_id, FilePartRow.part_no == no, F.sha256 == file.sha256))
        if content is None:
            return
        start = no * PART_BYTES
        yield content[max(0, first - start) : last - start + 1]


def told_of(session: Session, order_id: str) -> list[dict[str, object]]:
    """For her export: how often what of an order was opened."""
    rows = session.scalars(select(D).where(D.order_id == order_id).order_by(D.line_no))
    return [{"line_no": row.line_no, "opened": row.opened, "opened_at": row.opened_at} for row in rows]

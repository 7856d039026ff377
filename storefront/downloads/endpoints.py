"""The routes of digital delivery: what of an order can be fetched, opening it, the bytes; and putting a product's file there."""

import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.http import Command, CommandCall, RawBody, ReadCall, Reading
from app.security.access import Principal, Role, allow
from storefront.downloads import ranges, repository
from storefront.downloads.errors import RangeNotSatisfiable
from storefront.orders.repository import owned

router = APIRouter(tags=["orders"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
staff = Depends(allow(Role.MARKETER, Role.OPERATOR, Role.SERVER, scope="catalogue"))
OrderId = Annotated[str, Path(max_length=80)]
LineNo = Annotated[int, Path(ge=1, le=10_000)]
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,48}/[a-z0-9][a-z0-9!#$&^_.+-]{0,48}")
_NAME = re.compile(r"[^\x00-\x1f\x7f/\\\"]{1,120}")


def bounds(call: ReadCall | CommandCall) -> repository.Bounds:
    return repository.bounds(call.app.shop.settings, call.clock.now())


@router.get("/v1/orders/{order_id}/downloads")
def downloads(order_id: OrderId, caller: Shopper, call: Reading) -> Response:
    """What of your order can be fetched, how often it may still be opened, and until when it is open now."""

    def work(session: Session) -> dict[str, Any]:
        owned(session, order_id, caller.id)
        return {"downloads": repository.of_order(session, order_id, **bounds(call))}

    return call.run(work)


@router.post("/v1/orders/{order_id}/downloads/{line_no}")
def open_download(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Command) -> Response:
    """Open it for a while, which counts once. `url` is where it then is, as often as you like until `open_until`."""

    def work(session: Session) -> dict[str, Any]:
        owned(session, order_id, caller.id)
        told = repository.open_line(session, order_id, line_no, **bounds(call))
        return {"download": told, "url": repository.address_of(order_id, line_no)}

    return call.run(work)


@router.get("/v1/orders/{order_id}/downloads/{line_no}/file", response_class=StreamingResponse)
def download(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Reading, request: Request) -> Response:
    """The bytes, while it is open; a single `Range` is understood, so that a broken download goes on where it ended."""
    with call.database.reading() as session:
        owned(session, order_id, caller.id)
        file = repository.opened(session, order_id, line_no, **bounds(call))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}", "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes", "ETag": f'"{file.sha256}"', "Content-Security-Policy": "sandbox",
    }  # fmt: skip
    unchanged = request.headers.get("if-range") in (None, headers["ETag"])
    try:
        asked = ranges.asked(request.headers.get("range"), file.size_bytes) if unchanged else None
    except ValueError:
        raise RangeNotSatisfiable(extra={"size_bytes": file.size_bytes}) from None
    first, last = asked or (0, file.size_bytes - 1)
    headers["Content-Length"] = str(last - first + 1)
    if asked is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{file.size_bytes}"
    return StreamingResponse(repository.bytes_of(call.database, file, first, last), 206 if asked else 200, headers, file.media_type)


@router.put("/v1/product-files", dependencies=[staff])
def put_file(
    call: Command,
    request: Request,
    raw: RawBody,
    product_id: Annotated[str, Query(max_length=60)],
    name: Annotated[str, Query(max_length=120, description="What it is called where it is saved.")],
) -> Response:
    """Put the file of a digital product there: its bytes are the body, `Content-Type` says what it is. Replaces what was there, also for those who have bought it."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise Invalid.field("Content-Type", "say what the file is, as application/pdf")
    if not _NAME.fullmatch(name):
        raise Invalid.field("name", "a file name without slashes, quotes or control characters")
    return call.run(lambda session: {"file": repository.put(session, product_id, name, media_type, raw, at=call.clock.now())})

"""What was bought as a file is fetched as often as was bought, by who bought it, while it is paid for."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.kernel.clock import ManualClock
from app.security.access import Role
from storefront.carts import repository as carts
from storefront.checkout import quote
from storefront.downloads import repository
from storefront.downloads.errors import DownloadsUsedUp
from storefront.downloads.models import DownloadRow, FilePartRow
from storefront.facade import Shop, import_catalogue
from storefront.orders.models import OrderLineRow
from storefront.orders.moves import refunded
from storefront.orders.repository import detail, owned
from storefront.privacy import export_orders
from storefront.reasons import StorefrontReason
from tests.storefront.floor import app_of, fill, order, shopper, staff

SONG = os.urandom(repository.PART_BYTES * 2 + 1000)
GOODS = [
    {"id": "prd_song", "name": "A song", "category": "music", "kind": "digital", "price_minor": 300, "currency": "EUR", "stock": 100},
    {"id": "prd_book", "name": "A book", "category": "books", "price_minor": 900, "currency": "EUR", "stock": 100},
]


class Desk:
    """Jane's paid order of two songs and a book, and who asks for what."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        with shop.database.transaction() as session:
            import_catalogue(session, {"products": GOODS}, at=shop.now())
        self.http = TestClient(app_of(shop))
        self.staff = staff(shop.database, Role.MARKETER)
        self.jane_id, self.jane = shopper(shop.database)
        self.put()
        fill(shop, self.jane_id, prd_song=2, prd_book=1)
        self.order_id, _ = order(shop, shopper_id=self.jane_id, method="pm_card_visa")
        with shop.database.reading() as session:
            self.line_no = session.scalars(select(OrderLineRow.line_no).where(OrderLineRow.order_id == self.order_id, OrderLineRow.product_id == "prd_song")).one()

    def put(self, content: bytes = SONG, media_type: str = "audio/mpeg", **query: str) -> Any:
        asked = {"product_id": "prd_song", "name": "söng.mp3", **query}
        return self.http.put("/v1/product-files", params=asked, content=content, headers={**self.staff, "Content-Type": media_type})

    def open(self, line_no: int | None = None) -> Any:
        return self.http.post(f"/v1/orders/{self.order_id}/downloads/{line_no or self.line_no}", headers=self.jane)

    def fetch(self, **headers: str) -> Any:
        return self.http.get(f"/v1/orders/{self.order_id}/downloads/{self.line_no}/file", headers={**self.jane, **headers})

    def listed(self) -> list[dict[str, Any]]:
        return self.http.get(f"/v1/orders/{self.order_id}/downloads", headers=self.jane).json()["downloads"]


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop)


class TestFetching:
    def test_opened_and_fetched_as_it_was_put(self, desk: Desk) -> None:
        (one,) = desk.listed()
        assert (one["product"], one["file"]["name"], one["file"]["size_bytes"], one["left"], one["open_until"]) == ("A song", "söng.mp3", len(SONG), 10, None)
        assert (desk.fetch().status_code, desk.fetch().json()["code"]) == (409, "download_closed")
        opened = desk.open().json()
        assert (opened["download"]["left"], opened["url"]) == (9, f"/v1/orders/{desk.order_id}/downloads/{desk.line_no}/file")
        got = desk.fetch()
        assert (got.status_code, got.content == SONG, got.headers["content-type"]) == (200, True, "audio/mpeg")
        assert (got.headers["content-disposition"], got.headers["cache-control"], got.headers["content-length"]) == ("attachment; filename*=UTF-8''s%C3%B6ng.mp3", "private, no-store", str(len(SONG)))

    def test_a_range_goes_on_where_it_ended(self, desk: Desk) -> None:
        """Planted bug: a part was cut as if every range began at its start."""
        desk.open()
        for first, last in ((0, 0), (5, repository.PART_BYTES + 5), (repository.PART_BYTES - 1, repository.PART_BYTES), (len(SONG) - 7, len(SONG) - 1)):
            got = desk.fetch(Range=f"bytes={first}-{last}")
            assert (got.status_code, got.content == SONG[first : last + 1], got.headers["content-range"]) == (206, True, f"bytes {first}-{last}/{len(SONG)}")
        assert desk.fetch(Range="bytes=0-1", **{"If-Range": '"other"'}).status_code == 200
        beyond = desk.fetch(Range=f"bytes={len(SONG)}-")
        assert (beyond.status_code, beyond.json()["size_bytes"]) == (416, len(SONG))

    def test_while_it_is_open_nothing_counts_and_then_it_does(self, desk: Desk, clock: ManualClock) -> None:
        """Planted bug: each opening counts, open or not."""
        assert [desk.open().json()["download"]["left"] for _ in range(3)] == [9, 9, 9]
        clock.advance(desk.shop.settings.download_open_s)
        assert desk.fetch().json()["code"] == "download_closed"
        assert desk.open().json()["download"]["left"] == 8

    def test_only_so_often_for_each_piece(self, desk: Desk, clock: ManualClock) -> None:
        for left in reversed(range(10)):
            assert desk.open().json()["download"]["left"] == left
            clock.advance(desk.shop.settings.download_open_s)
        refused = desk.open()
        assert (refused.status_code, refused.json()["code"], refused.json()["most"]) == (409, "downloads_used_up", 10)

    def test_a_new_file_is_for_who_bought_before_too_and_nobody_gets_half_of_each(self, desk: Desk) -> None:
        """Planted bug: without asking for the same file part by part, the end of the new one follows the beginning of the old."""
        desk.open()
        with desk.shop.database.reading() as session:
            file = repository.opened(session, desk.order_id, desk.line_no, **repository.bounds(desk.shop.settings, desk.shop.now()))
        parts = repository.bytes_of(desk.shop.database, file, 0, file.size_bytes - 1)
        assert next(parts) == SONG[: repository.PART_BYTES]
        assert desk.put(b"better" * 100_000).status_code == 200
        assert list(parts) == []
        assert desk.fetch().content == b"better" * 100_000


class TestGettingIt:
    def test_what_is_no_thing_is_not_brought_and_waits_nowhere(self, shop: Shop, desk: Desk) -> None:
        """Whatever she chose for things before. Planted bug: the way in the cart was asked first."""
        with shop.database.transaction() as session:
            carts.set_delivery(session, desk.jane_id, "home", at=shop.now())
        fill(shop, desk.jane_id, prd_song=1)
        with shop.database.reading() as session:
            told = quote(session, shop, desk.jane_id, place_id=None, at=shop.now(), seen=False)
        assert [(way.id, way.chosen, way.price_minor) for way in told.delivery] == [("online", True, 0)]
        order_id, _ = order(shop, "k2", shopper_id=desk.jane_id, method="pm_card_visa")
        with shop.database.reading() as session:
            found = detail(session, owned(session, order_id, desk.jane_id))
        assert (found.delivery, found.collection, [line.name for line in found.lines]) == (None, None, ["A song"])


class TestWho:
    def test_another_shopper_and_other_lines_have_nothing(self, desk: Desk) -> None:
        _, stranger = shopper(desk.shop.database)
        for method, path in (("GET", ""), ("POST", f"/{desk.line_no}"), ("GET", f"/{desk.line_no}/file")):
            answer = desk.http.request(method, f"/v1/orders/{desk.order_id}/downloads{path}", headers=stranger)
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_order")
        assert [desk.open(no).json()["code"] for no in range(1, 4) if no != desk.line_no] == ["nothing_to_download"] * 2

    def test_what_is_given_back_is_not_fetched_any_more(self, desk: Desk) -> None:
        """A piece of two takes its share of the times; a refunded order has none. Planted bug: pieces that came back were counted as bought."""
        desk.open()
        with desk.shop.database.transaction() as session:
            session.execute(update(OrderLineRow).where(OrderLineRow.order_id == desk.order_id, OrderLineRow.line_no == desk.line_no).values(returned=1))
        assert [one["left"] for one in desk.listed()] == [4]
        with desk.shop.database.transaction() as session:
            assert refunded(session, desk.shop.coupons, desk.order_id, 100, StorefrontReason.REFUNDED_BY_STAFF, at=desk.shop.now())
        assert (desk.listed(), desk.fetch().json()["code"], desk.open().json()["code"]) == ([], "nothing_to_download", "nothing_to_download")

    def test_what_is_not_paid_is_not_fetched(self, desk: Desk) -> None:
        """Planted bug: the state of the order was not asked."""
        fill(desk.shop, desk.jane_id, prd_song=1)
        desk.order_id, payment = order(desk.shop, "k2", shopper_id=desk.jane_id)
        assert payment is not None
        assert (desk.listed(), [desk.open(no).json()["code"] for no in (1, 2)]) == ([], ["nothing_to_download"] * 2)

    def test_her_export_says_how_often(self, desk: Desk) -> None:
        desk.open()
        with desk.shop.database.reading() as session:
            (told,) = export_orders(session, desk.jane_id)["orders"]
        assert [(one["line_no"], one["opened"]) for one in told["downloads"]] == [(desk.line_no, 1)]


class TestRace:
    def test_the_last_one_is_opened_once(self, desk: Desk, clock: ManualClock) -> None:
        """Planted bug: looking first and counting then opens it more often than was bought."""
        with desk.shop.database.transaction() as session:
            repository.open_line(session, desk.order_id, desk.line_no, **repository.bounds(desk.shop.settings, desk.shop.now()))
            session.execute(update(DownloadRow).values(opened=9))
        clock.advance(desk.shop.settings.download_open_s)
        barrier, said = threading.Barrier(6), list[str]()

        def go() -> None:
            barrier.wait()
            try:
                with desk.shop.database.transaction() as session:
                    repository.open_line(session, desk.order_id, desk.line_no, **repository.bounds(desk.shop.settings, desk.shop.now()))
                said.append("open")
            except DownloadsUsedUp:
                said.append("used up")

        threads = [threading.Thread(target=go) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with desk.shop.database.reading() as session:
            assert (said, session.scalar(select(DownloadRow.opened))) == (["open"] * 6, 10)  # who comes second finds it open
        clock.advance(desk.shop.settings.download_open_s + timedelta(seconds=1).seconds)
        assert desk.open().json()["code"] == "downloads_used_up"


class TestPutting:
    def test_what_is_wrong_is_named_and_nothing_is_lost(self, desk: Desk) -> None:
        cases = [
            (desk.put(product_id="prd_book"), "product_id"), (desk.put(product_id="prd_none"), "product_id"), (desk.put(b""), "body"), (desk.put(name="a/b"), "name"),
            (desk.put(media_type="music"), "Content-Type"),
        ]  # fmt: skip
        assert [(answer.status_code, answer.json()["errors"][0]["field"]) for answer, _ in cases] == [(422, field) for _, field in cases]
        desk.open()
        assert desk.fetch().content == SONG

    def test_a_shopper_puts_nothing(self, desk: Desk) -> None:
        answer = desk.http.put("/v1/product-files", params={"product_id": "prd_song", "name": "x"}, content=b"x", headers={**desk.jane, "Content-Type": "audio/mpeg"})
        assert answer.status_code == 403

    def test_the_last_part_of_a_longer_one_does_not_stay(self, desk: Desk) -> None:
        desk.put(b"short")
        with desk.shop.database.reading() as session:
            assert session.execute(select(FilePartRow.part_no, FilePartRow.content)).all() == [(0, b"short")]

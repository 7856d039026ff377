"""Export, erasure and retention: nothing about her stays, and the books still add up."""

from __future__ import annotations

import json

from app.kernel.db import Database
from app.kernel.http import to_json
from app.migrations import metadata
from app.privacy.subjects import person_columns, rows_about
from offers import facade, privacy
from offers.contracts import Quote
from tests.conftest import START
from tests.offers.builders import bonbons, give, go_live, moment, weigh


class TestTables:
    def test_every_table_with_a_person_has_a_holder_and_a_rule(self) -> None:
        ours = {t.name for t in metadata().sorted_tables if t.name.startswith("offers_") and person_columns(t)}
        assert ours | {"offers_provisional"} == set(privacy.TABLES)
        assert {r.table for r in privacy.RULES} == {*privacy.TABLES, "offers_hold", "offers_till"}


class TestExport:
    def test_plain_json_without_codes(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
        coupon = give(database)
        with database.transaction() as session:
            facade.fewer_like(session, shopper_id="shp_jane", coupon_id=coupon.id, at=START)
            facade.note_payment_method(session, shopper_id="shp_jane", fingerprint="card-of-jane", at=START)
        with database.reading() as session:
            exported = privacy.export(session, "shp_jane")
            nothing = privacy.export(session, "shp_nobody")
        text = to_json(exported).decode()
        assert coupon.code not in text
        assert json.loads(text)["decisions"][0]["inputs"]["inputs"]["place"]["name"] == "Ooey Gooey Kluuvi"
        assert {name: len(part) for name, part in exported.items()} == {
            "decisions": 1, "coupons": 1, "fewer_wishes": 1, "coupons_given": 1, "moments_weighed": 1,
            "bought": 0, "answers_chosen": 0, "known_by": 1, "told_by_tills": 0,
        }  # fmt: skip
        assert exported["known_by"] == [{"kind": "payment", "first_seen_at": START, "last_seen_at": START}]
        assert "hash" not in text
        assert not any(nothing.values())


class TestErase:
    def test_nothing_about_her_stays_and_the_books_add_up(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps={"per_shopper": 3}, budget_minor=5_000)
        used, held, free = [give(database, f"mom_{n}") for n in range(3)]
        other = give(database, "mom_9", "shp_ann")
        with database.transaction() as session:
            facade.redeem_at_till(session, code=used.code, place_id="plc_kluuvi", clerk_id="psn", at=START)
            order = {
                "shopper_id": "shp_jane",
                "order_id": "ord_1",
                "lines": bonbons(),
                "currency": "EUR",
                "place_id": None,
                "at": START,
                "ttl_s": 60,
            }
            assert isinstance(facade.reserve(session, code=held.id, **order), Quote)  # type: ignore[arg-type]
            facade.fewer_like(session, shopper_id="shp_jane", coupon_id=free.id, at=START)
        with database.transaction() as session:
            assert privacy.erase(session, "shp_jane") == 3 + 3 + 1 + 1 + 3
        with database.transaction() as session:
            assert privacy.erase(session, "shp_jane") == 0
        with database.reading() as session:
            assert dict(rows_about(session, metadata(), "shp_jane")).keys() <= {"kernel_outbox_event"}
            assert facade.wallet(session, "shp_jane", START) == []
            assert facade.coupon_by_code(session, used.code) is None
            books = facade.books(session, "cam_bonbon")
            assert (books.drift, books.redeemed, books.reserved, books.revoked, books.live) == ((), 1, 1, 1, 1)
            assert facade.wallet(session, "shp_ann", START)[0].code == other.code
        with database.transaction() as session:
            assert facade.release(session, order_id="ord_1", at=START, why="order_cancelled")
        with database.reading() as session:
            books = facade.books(session, "cam_bonbon")
            assert (books.drift, books.revoked, books.reserved) == ((), 2, 0)

    def test_a_second_person_may_come_with_the_same_moment_id_shape(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
            weigh(session, moment())
        with database.transaction() as session:
            privacy.erase(session, "shp_jane")
        assert give(database, "mom_2").state == "issued"

"""The expiry job: what is due goes, what is not stays, budget comes back; several may run at once."""

from __future__ import annotations

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from offers import facade
from offers.jobs import expire_all
from tests.conftest import START
from tests.offers.builders import give, go_live, race


class TestExpireAll:
    def test_frees_the_budget(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            go_live(session, caps={"per_shopper": None}, budget_minor=5_000)
        for n in range(5):
            give(database, f"mom_{n}", f"shp_{n}")
        clock.advance(86_399)
        assert expire_all(database, batch=2) == 0
        clock.advance(1)
        assert expire_all(database, batch=2) == 5
        with database.reading() as session:
            books = facade.books(session, "cam_bonbon")
            assert (books.drift, books.expired) == ((), 5)
            assert facade.campaigns(session)[0].figures.budget_reserved_minor == 0

    def test_three_at_once(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            go_live(session, caps={"per_shopper": None}, budget_minor=5_000)
        for n in range(6):
            give(database, f"mom_{n}", f"shp_{n}", START)
        clock.advance(86_400)
        assert sum(race([lambda: expire_all(database)] * 3)) == 6
        with database.reading() as session:
            assert facade.books(session, "cam_bonbon").drift == ()

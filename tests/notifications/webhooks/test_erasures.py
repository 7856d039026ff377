"""An integrator is told whom to erase: by the ids it has seen, and nobody who has not seen them learns any.

Seen to fail on: an endpoint registered later that was named the ids by a replay, and ids in the clear in the event.
"""

from __future__ import annotations

import json

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Base
from app.kernel.outbox import OutboxEvent
from app.privacy import farewell, subjects
from app.privacy.contracts import SubjectErased
from notifications.webhooks import catalogue, replaying
from notifications.webhooks.models import Happening
from notifications.webhooks.privacy import HOLDERS
from tests.notifications.webhooks.conftest import Out


def _erase(out: Out, shopper_id: str) -> None:
    subjects.register_holders(*HOLDERS)
    with out.database.transaction() as session:
        subjects.erase(session, shopper_id, out.now)
    out.relay.run_until_idle()
    out.until_idle()


class TestErased:
    def test_names_her_to_whom_was_told_of_her_and_to_nobody_else(self, out: Out, clock: ManualClock) -> None:
        everything = out.endpoint(url="https://a.example/")
        out.endpoint("subject.erased", url="https://b.example/")
        jane = out.shopper()
        out.order("ord_1", jane)
        out.until_idle()
        clock.advance(1)
        _erase(out, jane)
        clock.advance(1)
        late = out.endpoint(url="https://c.example/")
        with out.database.transaction() as session:
            replaying.replay(session, late.endpoint.id, after=0, by="test", at=out.now)
            replaying.replay(session, everything.endpoint.id, after=0, by="test", at=out.now)
        out.until_idle()
        told = [(r.url, json.loads(r.body)["data"]) for r in out.gateway.sent if json.loads(r.body)["type"] == "subject.erased"]
        named = sorted((url, ",".join(data.get("shopper_ids", []))) for url, data in told)
        assert named == [("https://a.example/", jane), ("https://a.example/", jane), ("https://b.example/", ""), ("https://c.example/", "")]
        assert all(set(data) - {"shopper_ids"} == {"receipt_id", "erased_at"} for _, data in told)

    def test_no_row_holds_her_id_afterwards(self, out: Out) -> None:
        out.endpoint()
        jane = out.shopper()
        out.order("ord_1", jane)
        out.until_idle()
        _erase(out, jane)
        with out.database.reading() as session:
            assert session.scalars(select(Happening).where(Happening.type == "subject.erased")).one().shopper_id is None
            for table in (OutboxEvent, Happening):
                rows = [str(dict(row._mapping)) for row in session.execute(select(Base.metadata.tables[table.__tablename__]))]
                assert rows
                assert [row for row in rows if jane in row and "order." not in row] == []


class TestOpened:
    def test_only_what_was_sealed_here(self) -> None:
        assert farewell.opened(farewell.sealed(["shp_2", "shp_1"])) == ("shp_1", "shp_2")
        assert "shp_1" not in farewell.sealed(["shp_1"])
        assert [farewell.opened(text) for text in ("", "AAAA", "not base64 !")] == [(), (), ()]


class TestToldOfPeople:
    def test_by_what_it_asks_for(self) -> None:
        assert [catalogue.told_of_people(types) for types in ((), ("order.paid",), ("subject.erased",), ("webhook.test", "subject.erased"))] == [True, True, False, False]
        assert SubjectErased.TYPE not in catalogue.NAMING

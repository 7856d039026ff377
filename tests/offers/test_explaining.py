"""From any id to the decision behind it."""

from __future__ import annotations

import pytest

from app.kernel.db import Database
from offers import errors, facade
from offers.reasons import Audience
from tests.conftest import START
from tests.offers.builders import bonbons, give, go_live, moment, weigh


class TestFound:
    def test_by_whatever_she_has_in_hand(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
        coupon = give(database)
        with database.transaction() as session:
            facade.reserve(
                session,
                code=coupon.id,
                shopper_id="shp_jane",
                order_id="ord_1",
                lines=bonbons(),
                currency="EUR",
                place_id=None,
                at=START,
                ttl_s=60,
            )
            facade.release(session, order_id="ord_1", at=START, why="order_cancelled")
            use = facade.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id="psn", at=START)
        with database.reading() as session:
            for any_id in (coupon.decision_id, coupon.id, coupon.moment_id, "ord_1", use.redemption_id):
                assert facade.explain(session, any_id).id == coupon.decision_id

    def test_of_a_moment_the_offer_or_what_came_closest(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, "cam_far", min_trust="verified", schedule={"ends_on": "2026-11-20"})
            go_live(session, "cam_near", min_trust="verified")
            weigh(session, moment("mom_1"))
            go_live(session, "cam_yes", priority=-5)
            weigh(session, moment("mom_2", "shp_2"))
        with database.reading() as session:
            assert facade.explain(session, "mom_1").campaign_id == "cam_near"
            assert facade.explain(session, "mom_2").campaign_id == "cam_yes"
            why = facade.explanation(session, "mom_1", audience=Audience.SHOPPER, at=START)
        assert why.headline.endswith("We could not tell well enough that you were really there.")
        assert why.sentences[0] == "We could not tell well enough that you were really there."

    def test_who_is_held_out_is_told_so_each_in_her_words(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, experiment={"holdout_bp": 9_000})
            ids = [decision_id for n in range(8) for decision_id in weigh(session, moment(f"mom_{n}", f"shp_{n}"))]
        with database.reading() as session:
            held = next(d for d in facade.decisions(session) if d.outcome == "withheld")
            told = {a: facade.explanation(session, held.id, audience=a, at=START) for a in Audience}
        assert len(ids) == 8
        assert [r.code for r in held.reasons if not r.passed] == ["held_out"]
        assert told[Audience.SHOPPER].headline.endswith("is not made this offer, so that we can see what it is good for. You are in it.")
        assert "among the 90 %, drawn by lot" in told[Audience.MARKETER].headline
        assert "goes to most people, not to all" in told[Audience.CLERK].headline
        assert told[Audience.AUDITOR].sentences[-1].endswith("the same byte for byte.")

    def test_nothing_behind_it(self, database: Database) -> None:
        with database.reading() as session:
            for any_id in ("", "mom_none", "\U0001f36b", "x" * 1000):
                with pytest.raises(errors.NoSuchDecision):
                    facade.explain(session, any_id)
            with pytest.raises(errors.NoSuchDecision):
                facade.replay_decision(session, "dec_none")

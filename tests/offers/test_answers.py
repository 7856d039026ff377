"""What was chosen in surveys is a fact of audiences: the same for one shopper and for the crowd, and only of those who agree."""

from __future__ import annotations

import pytest

from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from offers import answers, audience_facts, schemas
from offers.audience_counts import Crowd
from offers.audience_words import condition
from offers.segments import Segment, holds
from tests.conftest import START

FRIEND, GIFTS = "visit/q1/a-friend", "visit/q2/gifts"
ASKED = Segment(fact="answers", at_least=1, answers=(FRIEND,))


def world(database: Database) -> None:
    with database.transaction() as session:
        for who, chosen in {"shp_a": [FRIEND, GIFTS], "shp_b": [GIFTS], "shp_c": [], "shp_d": [FRIEND]}.items():
            set_consent(session, who, Purpose.ANALYTICS, granted=True, source="test", at=START)
            set_consent(session, who, Purpose.PERSONALISATION, granted=who != "shp_d", source="test", at=START)
            answers.note(session, shopper_id=who, answers=chosen, at=START)


class TestAsAFact:
    @pytest.mark.parametrize(("asked", "meant"), [
        (ASKED, {"shp_a"}), (Segment(fact="answers", at_least=2, answers=(FRIEND, GIFTS)), {"shp_a"}), (Segment(fact="answers", at_least=1), {"shp_a", "shp_b"}),
        (Segment(fact="answers", at_most=0, answers=(GIFTS,)), {"shp_c", "shp_d"}),
    ])  # fmt: skip
    def test_one_by_one_and_all_at_once(self, database: Database, asked: Segment, meant: set[str]) -> None:
        """`shp_d` agrees no more: of the crowd she counts as one who has chosen nothing. Planted bug: counted whoever agrees."""
        world(database)
        with database.reading() as session:
            assert set(Crowd(session, START).members(asked)) == meant
            for who in ("shp_a", "shp_b", "shp_c"):
                known = audience_facts.facts_for(session, [who], [asked], START)
                assert holds(asked, known[asked.key]) == (who in meant)

    def test_noted_again_it_is_once(self, database: Database) -> None:
        world(database)
        world(database)
        with database.reading() as session:
            assert answers.counts(session, prefix="visit/", at=START) == {FRIEND: 1, GIFTS: 2, "": 2}


class TestInADocument:
    def test_there_and_in_words(self) -> None:
        segment = schemas.checked_audience({"fact": "answers", "at_least": 1, "answers": [FRIEND]}, "EUR")
        assert segment == ASKED
        assert condition(segment) == "at least 1 answer chosen of visit/q1/a-friend"

    def test_of_nothing_else(self) -> None:
        with pytest.raises(Invalid):
            schemas.checked_audience({"fact": "visits", "at_least": 1, "answers": [FRIEND]}, "EUR")

"""She says how content she is, once, while it is not too long ago; what many said is told only where they are enough."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.kernel.errors import Invalid
from notifications.support import rating, repository, viewing
from notifications.support.errors import CaseNotToRate, UnknownCase
from notifications.support.models import Case
from notifications.support.states import Move
from tests.notifications.support.conftest import SETTINGS, Desk


def solved(desk: Desk, jane: str) -> str:
    case_id = desk.open(jane)
    desk.claim(case_id)
    desk.move(case_id, Move.SOLVE)
    return case_id


def rate(desk: Desk, jane: str, case_id: str, stars: int = 4, words: str = "") -> None:
    desk.run(lambda session: rating.rate(session, jane, case_id, stars, words, SETTINGS, at=desk.now))


class TestRate:
    def test_once_with_words_that_are_sealed(self, desk: Desk) -> None:
        jane = desk.shopper()
        case_id = solved(desk, jane)
        rate(desk, jane, case_id, 4, "Quick and kind")
        row = desk.row(case_id)
        assert (row.stars, repository.rating_words(row), b"kind" in (row.rating_sealed or b"")) == (4, "Quick and kind", False)
        assert desk.events()[-1] == ("support.case_rated", {"case_id": case_id, "shopper_id": jane, "stars": 4, "rated_at": desk.events()[-1][1]["rated_at"]})
        with pytest.raises(CaseNotToRate):
            rate(desk, jane, case_id, 1)
        assert desk.row(case_id).stars == 4

    def test_of_two_at_once_one_counts(self, desk: Desk) -> None:
        """Planted bug: whether it was rated asked before the UPDATE and not in it."""
        jane, barrier, counted = desk.shopper(), threading.Barrier(3), list[int]()
        case_id = solved(desk, jane)

        def press(stars: int) -> None:
            barrier.wait()
            try:
                rate(desk, jane, case_id, stars)
                counted.append(stars)
            except CaseNotToRate:
                pass

        presses = [threading.Thread(target=press, args=(stars,)) for stars in (1, 3, 5)]
        for one in presses:
            one.start()
        for one in presses:
            one.join()
        assert [desk.row(case_id).stars] == counted

    def test_not_before_not_too_late_not_anothers_not_six(self, desk: Desk) -> None:
        jane = desk.shopper()
        case_id = desk.open(jane)
        with pytest.raises(CaseNotToRate):
            rate(desk, jane, case_id)
        desk.claim(case_id)
        desk.move(case_id, Move.SOLVE)
        with pytest.raises(UnknownCase):
            rate(desk, desk.shopper(), case_id)
        for stars in (0, 6):
            with pytest.raises(Invalid):
                rate(desk, jane, case_id, stars)
        desk.clock.advance(SETTINGS.rate_within_s + 1)
        with pytest.raises(CaseNotToRate):
            rate(desk, jane, case_id)


class TestFigures:
    def test_below_twenty_people_nothing_of_what_they_said(self, desk: Desk) -> None:
        """Planted bug: ratings counted instead of people."""
        cases = [solved(desk, desk.shopper()) for _ in range(2)]
        with desk.database.transaction() as session:
            session.execute(update(Case).where(Case.id.in_(cases)).values(stars=5))
            told = viewing.figures(session, since=desk.now - timedelta(days=1), until=desk.now + timedelta(days=1))
        assert (told.opened, told.solved, told.rated, told.stars, told.suppressed) == (2, 2, None, None, "fewer than 20 shoppers have rated")

    def test_from_twenty_on_the_average_and_how_many_of_each(self, desk: Desk) -> None:
        case_id = solved(desk, desk.shopper())
        with desk.database.transaction() as session:
            first = session.get_one(Case, case_id)
            columns = {c.name: getattr(first, c.name) for c in Case.__table__.columns}
            session.add_all(Case(**columns | {"id": f"cas_{i}", "shopper_id": f"shp_{i}", "stars": 5 if i % 4 else 2}) for i in range(20))
            session.flush()
            told = viewing.figures(session, since=desk.now - timedelta(days=1), until=desk.now + timedelta(days=1))
        assert (told.rated, told.stars_average_tenths, told.stars) == (20, 43, {1: 0, 2: 5, 3: 0, 4: 0, 5: 15})

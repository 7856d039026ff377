"""A broken promise is told once, whoever finds it; what was solved closes by itself, unless she has written."""

from __future__ import annotations

import threading

from notifications.support import watching
from notifications.support.contracts import Category
from notifications.support.states import Move
from tests.notifications.support.conftest import SETTINGS, Desk


def late(desk: Desk) -> list[str]:
    return [told["promise"] for kind, told in desk.events() if kind == "support.promise_missed"]


class TestLook:
    def test_each_promise_is_told_once(self, desk: Desk) -> None:
        """Planted bug: told without noting it."""
        desk.open(desk.shopper(), category=Category.SAFETY)
        assert watching.look(desk.database, SETTINGS) == 0
        desk.clock.advance(15 * 60 + 1)
        looks = [threading.Thread(target=watching.look, args=(desk.database, SETTINGS)) for _ in range(3)]
        for one in looks:
            one.start()
        for one in looks:
            one.join()
        assert late(desk) == ["first_answer"]
        desk.clock.advance(4 * 3600)
        watching.look(desk.database, SETTINGS)
        watching.look(desk.database, SETTINGS)
        assert late(desk) == ["first_answer", "solution"]

    def test_an_answer_that_came_late_was_late_though_nobody_looked(self, desk: Desk) -> None:
        """Planted bug: only the periodic look tells."""
        case_id = desk.open(desk.shopper(), category=Category.SAFETY)
        desk.claim(case_id)
        desk.clock.advance(15 * 60 + 1)
        desk.answer(case_id)
        assert late(desk) == ["first_answer"]
        watching.look(desk.database, SETTINGS)
        assert late(desk) == ["first_answer"]

    def test_nothing_is_late_while_the_store_is_closed_or_it_is_her_turn(self, desk: Desk) -> None:
        jane = desk.shopper()
        desk.clock.advance(6 * 3600)  # 20:00: it closes
        case_id = desk.open(jane, category=Category.SAFETY, order_id=desk.order(jane))
        desk.clock.advance(36 * 3600)  # Monday 8:00
        assert watching.look(desk.database, SETTINGS) == 0
        desk.claim(case_id)
        desk.answer(case_id)
        desk.clock.advance(30 * 86_400)
        assert watching.look(desk.database, SETTINGS) == 0
        assert late(desk) == []

    def test_what_was_solved_closes_unless_she_has_written(self, desk: Desk) -> None:
        jane = desk.shopper()
        done, again = desk.open(jane), desk.open(jane, "Two")
        for case_id in (done, again):
            desk.claim(case_id)
            desk.move(case_id, Move.SOLVE)
        desk.write(jane, again)
        desk.clock.advance(SETTINGS.close_after_s + 1)
        watching.look(desk.database, SETTINGS)
        assert (desk.row(done).state, desk.row(again).state) == ("closed", "reopened")

"""A case is hers, about what is hers, and its words open for nobody without her key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.kernel.errors import Invalid
from app.security.models import ShopperRow
from notifications.support import opening, rating, viewing
from notifications.support.contracts import About, Category, Channel, Priority
from notifications.support.errors import CaseNotThere, UnknownCase, UnknownMatter
from notifications.support.models import CaseEntry
from notifications.support.opening import Told
from notifications.support.states import CaseState, Move
from tests.notifications.support.conftest import MAIJA, PLACE, SETTINGS, Desk


class TestOpenCase:
    def test_linked_timed_and_told(self, desk: Desk) -> None:
        jane = desk.shopper()
        case_id = desk.open(jane, order_id=desk.order(jane))
        row = desk.row(case_id)
        assert (row.state, row.priority, row.order_id, row.place_id, row.owed_since) == ("open", "normal", "ord_1", PLACE, desk.now)
        assert row.answer_due_at == desk.now + timedelta(hours=4)  # 18:00
        assert row.solve_due_at == desk.now + timedelta(days=3, hours=4)  # 24 open hours: 6 on Saturday, 10 on Monday, 8 on Tuesday
        view = desk.view(jane, case_id)
        assert (view.subject, [(e.by, e.text) for e in view.entries]) == ("Where is my parcel?", [("shopper", "Where is my parcel?")])
        [(kind, told)] = desk.events()
        assert (kind, told["category"], told["priority"], told["order_id"]) == ("support.case_opened", "order", "normal", "ord_1")
        assert "parcel" not in str(told)

    def test_health_and_money_are_more_than_normal(self, desk: Desk) -> None:
        jane = desk.shopper()
        ranks = {category: desk.row(desk.open(jane, category=category)).priority for category in (Category.SAFETY, Category.PAYMENT, Category.OTHER)}
        assert ranks == {Category.SAFETY: "urgent", Category.PAYMENT: "high", Category.OTHER: "normal"}

    def test_about_anothers_or_nothing_that_is_there(self, desk: Desk) -> None:
        """Planted bug: the owner of the order not compared."""
        jane, eve = desk.shopper(), desk.shopper()
        desk.order(jane)
        for about in ({"order_id": "ord_1"}, {"order_id": "ord_none"}, {"visit_id": "vis_none"}, {"coupon_id": "cpn_none"}, {"decision_id": "dec_none"}, {"thread_id": "cnv_none"}):
            with pytest.raises(UnknownMatter):
                desk.open(eve, **about)
        assert desk.queue() == []

    def test_words_that_are_none_or_too_many(self, desk: Desk) -> None:
        jane = desk.shopper()
        for text in ("", "  ", "x" * 4001):
            with pytest.raises(Invalid):
                desk.open(jane, text)
        with pytest.raises(Invalid):
            desk.run(lambda session: opening.open_case(session, jane, Told("x", subject="s" * 121), SETTINGS, at=desk.now))

    def test_a_copy_of_the_rows_says_nothing(self, desk: Desk) -> None:
        case_id = desk.open(desk.shopper(), "Secret words")
        assert b"Secret" not in desk.row(case_id).subject_sealed
        with desk.database.reading() as session:
            assert all(b"Secret" not in sealed for sealed in session.scalars(select(CaseEntry.sealed)))


class TestFirstWords:
    @pytest.mark.parametrize(("text", "called"), [
        ("Where is it? It was due on Friday.", "Where is it?"), ("hello", "hello"), ("Version 2.0 is broken", "Version 2.0 is broken"), ("one\ntwo", "one two"),
    ])  # fmt: skip
    def test_the_first_sentence(self, text: str, called: str) -> None:
        assert opening.first_words(text) == called

    def test_a_long_one_is_cut(self) -> None:
        assert len(opening.first_words("word " * 100)) <= opening.CALLED_MOST_CHARS


class TestOpenFor:
    def test_a_telephone_call_belongs_to_whoever_has_the_order_and_whoever_took_it(self, desk: Desk) -> None:
        jane = desk.shopper()
        told = Told("She says it came broken.", Category.DELIVERY, about=About(order_id=desk.order(jane)), channel=Channel.PHONE)
        case_id = desk.run(lambda session: opening.open_for(session, told, SETTINGS, by=MAIJA, at=desk.now, priority=Priority.HIGH))
        row = desk.row(case_id)
        assert (row.shopper_id, row.claimed_by, row.channel, row.priority) == (jane, MAIJA.id, "phone", "high")
        assert desk.view(jane, case_id).entries == ()  # our note is not hers to read here

    def test_about_nothing_is_nobodys(self, desk: Desk) -> None:
        with pytest.raises(Invalid):
            desk.run(lambda session: opening.open_for(session, Told("hm"), SETTINGS, by=MAIJA, at=desk.now))

    def test_about_things_of_two_people(self, desk: Desk) -> None:
        desk.order(desk.shopper(), "ord_a")
        from notifications.conversations import repository as threads
        from notifications.conversations.contracts import Way

        other = desk.shopper()
        thread_id = desk.run(lambda session: threads.take_turn(session, other, Way.APP, "", desk.now).id)
        with pytest.raises(UnknownMatter):
            desk.run(lambda session: opening.open_for(session, Told("hm", about=About(order_id="ord_a", thread_id=thread_id)), SETTINGS, by=MAIJA, at=desk.now))


class TestWrite:
    def test_what_waited_for_her_is_ours_and_what_was_solved_is_open_again(self, desk: Desk) -> None:
        jane = desk.shopper()
        case_id = desk.open(jane)
        desk.claim(case_id)
        desk.answer(case_id)
        desk.write(jane, case_id)
        assert desk.row(case_id).state == CaseState.WAITING_US
        desk.move(case_id, Move.SOLVE)
        desk.write(jane, case_id, "Not at all")
        assert desk.row(case_id).state == CaseState.REOPENED

    def test_after_she_has_signed_in_it_is_still_hers(self, desk: Desk) -> None:
        """Planted bug: looked up by the id of today alone."""
        unknown, jane = desk.shopper(), desk.shopper()
        case_id = desk.open(unknown)
        desk.run(lambda session: session.execute(update(ShopperRow).where(ShopperRow.id == unknown).values(joined_into_shopper_id=jane)))
        desk.write(jane, case_id)
        desk.claim(case_id)
        desk.answer(case_id)
        assert [e.text for e in desk.view(jane, case_id).entries] == ["Where is my parcel?", "Hello?", "It comes today."]
        assert [title for title, _, _ in desk.inbox(jane)] == ["We have answered you"]
        desk.move(case_id, Move.SOLVE)
        desk.run(lambda session: rating.rate(session, jane, case_id, 5, "Good", SETTINGS, at=desk.now))
        with desk.database.reading() as session:
            assert [case.id for case in viewing.hers(session, jane, SETTINGS, desk.now)] == [case_id]

    def test_into_anothers_or_a_closed_one(self, desk: Desk) -> None:
        jane = desk.shopper()
        case_id = desk.open(jane)
        with pytest.raises(UnknownCase):
            desk.write(desk.shopper(), case_id)
        desk.claim(case_id)
        desk.move(case_id, Move.SOLVE)
        desk.move(case_id, Move.CLOSE)
        with pytest.raises(CaseNotThere) as refused:
            desk.write(jane, case_id)
        assert refused.value.extra["reason"] == "case_closed"
        assert len(desk.view(jane, case_id).entries) == 1

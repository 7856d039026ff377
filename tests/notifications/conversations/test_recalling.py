from __future__ import annotations

import pytest

from notifications.conversations.answering import Asked, Kind, Needs, Reply
from notifications.conversations.knowledge import Intent
from notifications.conversations.proposing import Line
from notifications.conversations.recalling import NOTHING, Memory, after, answered, read, written

FULL = Memory(Asked(Intent.ALLERGY, ("bar",), ("nuts",), True, ("mon",), ("lupin",)), ("bar",), (Line("bar", 2),), Needs(12, ("nuts",)), True)


class TestRead:
    @pytest.mark.parametrize("memory", [FULL, NOTHING, Memory(needs=Needs(4))])
    def test_what_was_written_is_read(self, memory: Memory) -> None:
        assert read(written(memory)) == memory

    @pytest.mark.parametrize("kept", [b"", b"{}", b"[]", b"null", b'{"asked": {"intent": "tea"}}', b"\xff", b"1"])
    def test_what_cannot_be_read_is_forgotten(self, kept: bytes) -> None:
        assert read(kept) == NOTHING


class TestAfter:
    def test_a_proposal_stands_until_the_next_reply(self) -> None:
        proposed = after(NOTHING, Reply(Kind.ANSWER, Intent.PLAN, "x", lines=(Line("bar", 3),), needs=Needs(12), products=("bar",)))
        assert (proposed.lines, proposed.needs, proposed.products) == ((Line("bar", 3),), Needs(12), ("bar",))
        then = after(proposed, Reply(Kind.ANSWER, Intent.HOURS, "x"))
        assert (then.lines, then.needs, then.products) == ((), None, ("bar",))

    def test_needs_of_a_hand_off_are_not_asked_about(self) -> None:
        assert after(NOTHING, Reply(Kind.HAND_OFF, Intent.PLAN, "x", needs=Needs(12))).needs is None


class TestAnswered:
    def test_the_proposal_is_gone_and_the_rest_stays(self) -> None:
        assert answered(FULL) == Memory(None, ("bar",), (), Needs(12, ("nuts",)), True)

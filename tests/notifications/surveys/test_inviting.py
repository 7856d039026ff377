"""She is told of a survey once, seldom, in her inbox alone, and only if she agrees to what it is for and to messages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.privacy.purposes import Purpose
from notifications import facade as notifications
from notifications.models import Delivery
from notifications.surveys.contracts import ShownAfter
from tests.notifications.surveys.conftest import Town

BOTH = (Purpose.PERSONALISATION, Purpose.MARKETING_PUSH)


def invite(town: Town, shopper_id: str, after: ShownAfter = ShownAfter.VISIT, place_id: str | None = "plc_1") -> str | None:
    return town.run(lambda session: town.inviter.invite(session, shopper_id, after, place_id, town.clock.now()))


class TestInvite:
    def test_in_her_inbox_without_a_push(self, town: Town) -> None:
        jane = town.shopper(*BOTH)
        town.survey(after=ShownAfter.VISIT)
        assert invite(town, jane) == "visit"
        with town.database.reading() as session:
            [message] = notifications.inbox(session, jane, at=town.clock.now())
            assert (message.title, message.link) == ("What do you think?", "/m/surveys/visit")
            assert session.scalars(select(Delivery.channel)).all() == ["inbox"]
        assert town.woken == [jane]

    def test_once_each_and_seldom(self, town: Town) -> None:
        """Planted bug: when she was last asked is not looked at."""
        jane = town.shopper(*BOTH)
        town.survey(after=ShownAfter.VISIT)
        town.survey("zweite", after=ShownAfter.VISIT)
        assert [invite(town, jane), invite(town, jane)] == ["visit", None]
        town.clock.advance(timedelta(days=31).total_seconds())
        assert [invite(town, jane), invite(town, jane)] == ["zweite", None]
        town.clock.advance(timedelta(days=31).total_seconds())
        assert invite(town, jane) is None

    @pytest.mark.parametrize("agreed", [(), BOTH[:1], BOTH[1:]])
    def test_without_both_agreements_nothing_is_even_noted(self, town: Town, agreed: tuple[Purpose, ...]) -> None:
        jane = town.shopper(*agreed)
        town.survey(after=ShownAfter.VISIT)
        assert invite(town, jane) is None
        assert town.woken == []

    def test_not_what_she_answered_nor_of_another_place_or_occasion(self, town: Town) -> None:
        jane = town.shopper(*BOTH)
        town.survey(after=ShownAfter.VISIT, place_ids=["plc_1"])
        assert invite(town, jane, place_id="plc_2") is None
        assert invite(town, jane, ShownAfter.PURCHASE, None) is None
        town.reply(jane)
        assert invite(town, jane) is None

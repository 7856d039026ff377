"""A membership that could not be paid is told once for each payment, as long as it is so, and once more when it ended for that."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from app.kernel.clock import ManualClock
from app.kernel.outbox import emit
from notifications import facade
from storefront.contracts import memberships
from storefront.memberships.models import MembershipRow
from tests.conftest import START
from tests.notifications.conftest import Room

UNTIL = START.replace(day=29)


@pytest.fixture
def jane(room: Room) -> str:
    """She has a membership whose payment failed."""
    shopper_id = room.phone(consent=False).shopper_id
    terms: dict[str, Any] = {"plan_id": "gold", "plan_name": "Gold", "amount_minor": 990, "currency": "EUR", "every": "month", "trial_days": 0}
    with room.database.transaction() as session:
        session.add(MembershipRow(id="mem_1", shopper_id=shopper_id, seat=shopper_id, state="past_due", tries=0, asked=0, heard=0, joined_at=START, changed_at=START, **terms))
    return shopper_id


def tell(room: Room, event: Any) -> list[tuple[str, str, str]]:
    with room.database.transaction() as session:
        emit(session, event, subject=event.shopper_id)
    room.relay.run_until_idle()
    with room.database.reading() as session:
        return [(m.title, m.body, m.link) for m in facade.inbox(session, event.shopper_id, at=START)]


class TestUnpaid:
    def test_once_for_each_payment(self, room: Room, clock: ManualClock, jane: str) -> None:
        clock.set_to(START)
        failed = memberships.MembershipPaymentFailed("mem_1", jane, "gold", START, "in_1", UNTIL)
        told = tell(room, failed)
        assert [(title, link) for title, _, link in told] == [("Your membership could not be paid", "/m/membership")]
        assert told[0][1] == "Your bank declined the payment for Gold. It is tried again; your benefits stay until November 29, 2026. Another card pays it at once."
        assert len(tell(room, failed)) == 1

    def test_not_what_is_paid_by_now(self, room: Room, clock: ManualClock, jane: str) -> None:
        """Planted bug: the state not asked for again. She is told of a payment that went through since."""
        clock.set_to(START)
        with room.database.transaction() as session:
            session.execute(update(MembershipRow).values(state="active"))
        assert tell(room, memberships.MembershipPaymentFailed("mem_1", jane, "gold", START, "in_1", UNTIL)) == []


class TestOver:
    @pytest.mark.parametrize(("reason", "titles"), [("membership_unpaid", ["Your membership has ended"]), ("membership_left", [])])
    def test_only_when_it_was_not_her_wish(self, room: Room, clock: ManualClock, jane: str, reason: str, titles: list[str]) -> None:
        clock.set_to(START)
        assert [title for title, _, _ in tell(room, memberships.MembershipEnded("mem_1", jane, "gold", START, reason))] == titles

"""What the rules are told of a coupon at a till, as a till meets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.kernel.db import Database
from app.security.asking import Asker
from app.security.contacts import repository as contacts
from app.security.contacts.values import ContactKind
from app.security.errors import PolicyRefused
from app.security.people import register_device
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings
from offers import facade
from offers.contracts import TillRedemption
from tests.conftest import START
from tests.offers.builders import document, give, go_live

CLERK = Asker(Principal(Role.CLERK, "psn_clerk", place_ids=("plc_kluuvi",)), SecuritySettings())  # type: ignore[call-arg]
TENTH = {"kind": "percent", "percent": 10, "categories": []}
"""Of whatever lies on the counter: what it takes off only the till knows."""


class TestMayRedeem:
    @pytest.fixture
    def code(self, database: Database) -> str:
        with database.transaction() as session:
            go_live(session, benefit=TENTH, coupon={**document()["coupon"], "show": "any"})
            jane = register_device(session, "Phone", "ios", START).shopper_id
            contacts.note_change(session, jane, ContactKind.EMAIL, "changed", "jane@example.org", cooling=True, at=START)
        return give(database, shopper_id=jane).code

    def redeem(self, database: Database, code: str, **more: Any) -> TillRedemption:
        with database.transaction() as session:
            return facade.redeem_at_till(session, code=code, place_id="plc_kluuvi", clerk_id="psn_clerk", asker=CLERK, **{"at": START, **more})

    def test_a_share_of_an_unknown_sum_waits_after_a_change_of_contact(self, database: Database, code: str) -> None:
        """Seen to fail with the cool-off asked only of amounts that are known."""
        with pytest.raises(PolicyRefused) as refusal:
            self.redeem(database, code)
        assert refusal.value.extra["reasons"] == ["contact_changed_lately"]
        assert self.redeem(database, code, at=START + timedelta(hours=12)).coupon_id

    def test_but_not_where_the_till_says_that_it_is_little(self, database: Database, code: str) -> None:
        with pytest.raises(PolicyRefused):
            self.redeem(database, code, discount_minor=2_501)
        assert self.redeem(database, code, discount_minor=2_500).coupon_id

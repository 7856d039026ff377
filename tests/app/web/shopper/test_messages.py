from __future__ import annotations

import re
from collections.abc import Callable

from app.kernel.outbox import emit
from app.kernel.relay import Relay
from app.security.contacts.models import UnknownCodeRow
from app.security.principals import Role
from notifications import facade as notifications
from offers.contracts import CouponIssued, Way
from tests.app.web.conftest import Browser, Town


def told(town: Town, me: Browser) -> str:
    """A coupon is announced to her; its code."""
    at = town.clock.now()
    coupon = town.coupon(me)
    event = CouponIssued(
        coupon.id, coupon.decision_id, coupon.campaign_id, "mom_1", f"vis_{me.id}", me.id, "plc_1", "Kamppi", "Bonbon of the month", "20 % off", at, coupon.expires_at
    )
    with town.house.database.transaction() as session:
        emit(session, event, subject=me.id)
    Relay(town.house.database, town.house.subscriptions).run_until_idle()
    page = me.get("/m/messages").text
    found = re.search(r"<code data-code>([2-9A-Z]{3}-[2-9A-Z]{3})</code>", page)
    assert found is not None, page
    return found[1]


def times(town: Town, me: Browser) -> int:
    """How often she asked by a code that was never ours."""
    with town.house.database.reading() as session:
        found = session.get(UnknownCodeRow, me.id)
        return found.times if found is not None else 0


class TestMessages:
    def test_a_code_of_hers_is_from_us_however_it_is_typed(self, town: Town, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        code = told(town, me)
        for typed in (code, code.lower().replace("-", " ")):
            assert "Yes. We sent you" in me.post("/m/messages/check", {"code": typed}).text

    def test_a_code_of_another_is_as_unknown_as_one_of_nobody(self, town: Town, browser: Callable[..., Browser]) -> None:
        me, other = browser(Role.SHOPPER), browser(Role.SHOPPER)
        answers = [re.sub(r"\s+", " ", re.sub(r'nonce[-=]"?[\w-]+', "", other.post("/m/messages/check", {"code": code}).text)) for code in (told(town, me), "222-222", "💥", "")]
        assert "We have sent you no message with this code" in answers[0]
        assert answers[0] == answers[1] == answers[2]

    def test_what_was_never_ours_is_noted_and_a_slip_or_anything_else_is_not(self, town: Town, browser: Callable[..., Browser]) -> None:
        """Planted bug: with every unknown text noted, a mistyped letter had her confirm her next purchase."""
        me = browser(Role.SHOPPER)
        code = told(town, me)
        slip = code[:-1] + ("2" if code[-1] != "2" else "3")
        for typed in (code, slip, "", "💥", "222-22", "from you?"):
            me.post("/m/messages/check", {"code": typed})
        assert times(town, me) == 0
        for typed in ("222-222", "zzz 234"):
            me.post("/m/messages/check", {"code": typed})
        assert times(town, me) == 2

    def test_how_she_likes_to_be_told_is_kept(self, town: Town, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        assert me.post("/m/messages/likes", {"language": "fi", "first": "email", "called": "Aino"}).status_code == 303
        with town.house.database.reading() as session:
            assert notifications.liked(session, me.id) == type(notifications.liked(session, me.id))("fi", (Way.EMAIL,), "Aino")
        assert 'value="Aino"' in me.get("/m/messages").text

    def test_what_is_wrong_is_said(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        for form in ({"language": "xx"}, {"first": "pigeon"}, {"called": "www.evil.example"}, {"called": "x" * 61}):
            assert me.post("/m/messages/likes", {"language": "", "first": "", "called": ""} | form).status_code == 422

"""Operators look after webhooks: a secret is shown once, what happens there is said, and nobody else may look."""

from __future__ import annotations

import re

import pytest

from app.security.principals import Role
from notifications.facade import webhooks
from tests.app.web.conftest import Browser, Town

HOME = "/console/webhooks"
URL = "https://example.com/hooks"


@pytest.fixture
def operator(town: Town) -> Browser:
    return town.browser(Role.OPERATOR)


def secrets(text: str) -> list[str]:
    return re.findall(r"data-secret>(whsec_[^<]+)<", text)


def registered(town: Town) -> list[str]:
    with town.house.database.reading() as session:
        return [one.id for one in webhooks.listed(session)]


class TestWebhooks:
    def test_registered_tried_switched_off_and_on_told_again_and_removed(self, town: Town, operator: Browser) -> None:
        assert "Nobody listens yet" in operator.get(HOME).text
        made = operator.post(HOME, {"url": URL, "description": "The till's <books>", "type.order.paid": "on"})
        ((secret,), (one,)) = secrets(made.text), registered(town)
        assert made.headers["cache-control"] == "no-store"
        at = f"{HOME}/{one}"
        page = operator.get(at).text
        assert (secrets(page), secret in page, "The till&#39;s &lt;books&gt;" in page, "<dd>order.paid</dd>" in page) == ([], False, True, True)
        assert operator.post(f"{at}/test").headers["location"] == at
        (delivery,) = re.findall(r'data-delivery="([^"]+)"', operator.get(at).text)
        assert operator.post(f"{at}/replay", {"after": "0"}).status_code == 303
        assert re.findall(r'data-delivery="([^"]+)"', operator.get(at).text) == [delivery]
        wrong = operator.post(f"{at}/replay", {"after": "the beginning"})
        assert (wrong.status_code, 'value="the beginning"' in wrong.text, "a whole number from 0" in wrong.text) == (422, True, True)
        operator.post(f"{at}/disable")
        shut = operator.get(HOME).text
        assert (">off</span>" in shut, "Somebody switched the endpoint off." in shut) == (True, True)
        assert operator.post(f"{at}/replay", {"after": "0"}).status_code == 409
        operator.post(f"{at}/enable")
        (second,) = secrets(operator.post(f"{at}/rotate").text)
        assert second != secret
        assert "signs as well until" in operator.get(at).text
        (third,) = secrets(operator.post(f"{at}/rotate", {"now": "on"}).text)
        with town.house.database.reading() as session:
            assert webhooks.secret_of(session, one) == third
        assert operator.post(f"{at}/remove").headers["location"] == HOME
        assert registered(town) == []
        assert operator.get(at).status_code == 404

    @pytest.mark.parametrize(("url", "remedy"), [("ftp://x", "this is not an address"), ("https://10.0.0.1/", "this address is not public"), ("", "this is not an address")])
    def test_a_wrong_address_is_said_at_its_field_and_nothing_typed_is_lost(self, town: Town, operator: Browser, url: str, remedy: str) -> None:
        answer = operator.post(HOME, {"url": url, "description": "Books"})
        assert (answer.status_code, remedy in answer.text, 'aria-invalid="true"' in answer.text, 'value="Books"' in answer.text) == (422, True, True, True)
        assert registered(town) == []

    def test_a_marketer_is_not_shown_them(self, town: Town) -> None:
        marketer = town.browser(Role.MARKETER)
        assert (marketer.get(HOME).status_code, HOME in marketer.get("/console/campaigns").text) == (403, False)

from __future__ import annotations

from collections.abc import Callable

from app.security.principals import Role
from offers import facade as offers
from tests.app.web.conftest import Browser, Town
from tests.offers.builders import document

TEXTS = {
    "en": {"title": "{{ percent }} % off, {{ name | default: 'you' }}", "body": "At {{ place }} until {{ ends | date }}"},
    "ar": {"title": "خصم {{ percent }}", "body": "{{ name | default: '' }} {{ place }}"},
}


def campaign(town: Town, name: str, **changes: object) -> str:
    with town.house.database.transaction() as session:
        return offers.draft_campaign(session, document(**changes), by="psn_marketer", at=town.clock.now(), campaign_id=name)


class TestMessage:
    def test_every_device_in_each_language(self, town: Town, browser: Callable[..., Browser]) -> None:
        marketer = browser(Role.MARKETER)
        path = f"/console/campaigns/{campaign(town, 'cam_looks', message={'texts': TEXTS, 'channels': ['sms', 'push']})}/message"
        page = marketer.get(path, params={"called": "<b>Aino"}).text
        assert page.count("data-look=") == 5
        assert "20 % off, &lt;b&gt;Aino" in page
        assert "sms, push" in page
        assert 'dir="rtl"' in marketer.get(path, params={"language": "ar"}).text

    def test_a_campaign_without_texts_shows_its_headline(self, town: Town, browser: Callable[..., Browser]) -> None:
        page = browser(Role.MARKETER).get(f"/console/campaigns/{campaign(town, 'cam_plain')}/message").text
        assert "20 % off the bonbon of the month" in page

    def test_an_unknown_campaign_is_no_page(self, browser: Callable[..., Browser]) -> None:
        assert browser(Role.MARKETER).get("/console/campaigns/cam_none/message").status_code == 404

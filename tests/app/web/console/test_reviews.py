"""A campaign's way to going live on its page: who may press what, and what happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.security.principals import Role
from app.web.console.reviews import may
from offers import facade as offers
from offers.contracts import CampaignFigures, CampaignView
from tests.app.web.conftest import Town
from tests.conftest import START

BONBON = "cam_bonbon_of_the_month"
VIEW = CampaignView("cam_1", "N", "draft", 2, "T", "B", {}, CampaignFigures(0, 0, 0, 0, 0, None, "EUR"), START, START)


class TestMay:
    @pytest.mark.parametrize(
        ("state", "approved_version", "caller_id", "four_eyes", "buttons"),
        [
            ("draft", None, "me", True, {"submit"}),
            ("draft", None, "me", False, {"activate"}),
            ("review", None, "me", True, {"send_back"}),
            ("review", None, "you", True, {"send_back", "approve"}),
            ("approved", 2, "me", True, {"send_back", "activate"}),
            ("live", 2, "me", True, {"pause"}),
            ("paused", 2, "me", True, {"activate"}),
            ("paused", 1, "me", True, {"submit"}),
            ("paused", 1, "me", False, {"activate"}),
            ("ended", 2, "me", False, set()),
        ],
    )
    def test_buttons(self, state: str, approved_version: int | None, caller_id: str, four_eyes: bool, buttons: set[str]) -> None:
        view = replace(VIEW, state=state, approved_version=approved_version, submitted_by="me" if state == "review" else None)
        found = may(view, caller_id, four_eyes=four_eyes)
        assert {name.removeprefix("may_") for name, on in found.items() if name.startswith("may_") and on} == buttons


class TestPage:
    def test_two_people_bring_a_draft_to_life(self, town: Town) -> None:
        marketer, boss = town.browser(Role.MARKETER), town.browser(Role.OPERATOR)
        with town.house.database.transaction() as session:
            bonbon = offers.campaign(session, BONBON)
            assert bonbon is not None
            document = bonbon.definition | {"name": "Second bonbon"}
            offers.draft_campaign(session, document, by="somebody else", at=town.clock.now(), campaign_id="cam_second")
        page = "/console/campaigns/cam_second"
        assert "Another person has to approve this version" in marketer.get(page).text
        assert marketer.post(f"{page}/activate").status_code == 409
        marketer.post(f"{page}/submit")
        mine = marketer.get(page).text
        assert "It waits for another person" in mine
        assert ">Approve" not in mine
        assert marketer.post(f"{page}/approve", {"version": "1"}).status_code == 403
        assert "Approve version 1<" in boss.get(page).text
        boss.post(f"{page}/send-back", {"note": "Which bonbon?"})
        assert "Version 1 is a draft again: Which bonbon?" in marketer.get(page).text
        marketer.post(f"{page}/submit")
        boss.post(f"{page}/approve", {"version": "1"})
        marketer.post(f"{page}/activate")
        assert "data-campaign-state>live<" in marketer.get(page).text

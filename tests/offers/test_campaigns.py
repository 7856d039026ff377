"""A campaign's life: states, versions, and who listens."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.errors import Invalid
from offers import errors, facade
from offers.models import CampaignVersion, Decision, TriggerRow
from tests.conftest import START
from tests.offers.builders import document, go_live, moment, race, weigh


class TestLife:
    def test_a_draft_and_a_paused_one_offer_nothing(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = facade.draft_campaign(session, document(), by="psn", at=START)
            assert weigh(session, moment("mom_1")) == []
            facade.activate_campaign(session, campaign_id, at=START)
            assert len(weigh(session, moment("mom_2", "shp_2"))) == 1
            facade.pause_campaign(session, campaign_id, at=START)
            assert weigh(session, moment("mom_3", "shp_3")) == []
            facade.activate_campaign(session, campaign_id, at=START)
            assert len(weigh(session, moment("mom_4", "shp_4"))) == 1
            facade.end_campaign(session, campaign_id, at=START)
            assert weigh(session, moment("mom_5", "shp_5")) == []
            assert session.scalars(select(TriggerRow)).all() == []

    def test_moves_that_are_not_allowed_say_the_state(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = facade.draft_campaign(session, document(), by="psn", at=START)
            with pytest.raises(errors.CampaignNotInState, match="is draft"):
                facade.pause_campaign(session, campaign_id, at=START)
            facade.end_campaign(session, campaign_id, at=START)
            with pytest.raises(errors.CampaignNotInState, match="is ended"):
                facade.activate_campaign(session, campaign_id, at=START)
            with pytest.raises(errors.CampaignNotInState):
                facade.revise_campaign(session, campaign_id, {"priority": 1}, by="psn", at=START)
            with pytest.raises(errors.NoSuchCampaign):
                facade.activate_campaign(session, "cam_none", at=START)

    def test_twice_is_once(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = go_live(session)
            facade.activate_campaign(session, campaign_id, at=START)
            assert facade.campaign(session, campaign_id).state == "live"  # type: ignore[union-attr]


class TestRefused:
    def test_a_circle_with_one_that_is_stored(self, database: Database) -> None:
        a = {"combinable": True, "group": "a", "after": ["b"]}
        b = {"combinable": True, "group": "b", "after": ["a"]}
        with database.transaction() as session:
            go_live(session, "cam_a", stacking=a)
            with pytest.raises(Invalid, match="a after b after a: a circle"):
                facade.draft_campaign(session, document(stacking=b), by="psn", at=START)
            go_live(session, "cam_b", stacking={**b, "after": []})
            with pytest.raises(Invalid, match=r"stacking\.after"):
                facade.revise_campaign(session, "cam_b", {"stacking": {"after": ["a"]}}, by="psn", at=START)
            facade.end_campaign(session, "cam_a", at=START)
            assert facade.revise_campaign(session, "cam_b", {"stacking": {"after": ["a"]}}, by="psn", at=START) == 2

    def test_places_nobody_knows(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
            for change in (
                {"trigger": {"place_ids": ["plc_kluuvi", "plc_moon"]}},
                {
                    "schedule": {
                        "store_hours": [
                            {"place_id": "plc_moon", "weekly": [{"days": ["mon"], "from": "09:00", "until": "10:00"}]}
                        ]
                    }
                },
            ):
                with pytest.raises(Invalid, match="no such place: plc_moon; see: moments places list"):
                    facade.revise_campaign(session, "cam_bonbon", change, by="psn", at=START)
            assert (
                facade.revise_campaign(
                    session, "cam_bonbon", {"trigger": {"place_ids": ["plc_kluuvi"]}}, by="psn", at=START
                )
                == 2
            )


class TestRevise:
    def test_a_new_version_and_new_listeners(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = go_live(session)
            assert (
                facade.revise_campaign(
                    session,
                    campaign_id,
                    {"trigger": {"chains": [], "tags": ["mall"]}, "name": "Mall"},
                    by="psn",
                    at=START,
                )
                == 2
            )
            assert session.execute(select(TriggerRow.selector)).scalars().all() == ["tag:mall"]
            view = facade.campaign(session, campaign_id)
        assert view is not None
        assert (view.name, view.version, view.definition["trigger"]["moment_kinds"]) == ("Mall", 2, ["store_visit"])

    def test_another_kind_of_benefit_replaces_the_old_one(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = go_live(session)
            facade.revise_campaign(
                session, campaign_id, {"benefit": {"kind": "amount", "amount_minor": 100}}, by="psn", at=START
            )
            view = facade.campaign(session, campaign_id)
        assert view is not None
        assert view.benefit_text == "€1.00 off"

    def test_no_change_no_version(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = go_live(session)
            assert facade.revise_campaign(session, campaign_id, {"priority": 0}, by="psn", at=START) == 1

    def test_a_wrong_change_changes_nothing(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = go_live(session)
            with pytest.raises(Invalid, match=r"benefit\.percent"):
                facade.revise_campaign(session, campaign_id, {"benefit": {"percent": 120}}, by="psn", at=START)
            assert len(session.scalars(select(CampaignVersion)).all()) == 1

    def test_two_marketers_at_once(self, database: Database) -> None:
        """One of two edits of the same version wins on PostgreSQL; on SQLite the second sees the first. Versions have no gap."""
        with database.transaction() as session:
            campaign_id = go_live(session)

        def edit(priority: int) -> int:
            with database.transaction() as session:
                return facade.revise_campaign(session, campaign_id, {"priority": priority}, by="psn", at=START)

        results = race([lambda n=n: edit(n) for n in range(1, 7)])
        won = sorted(r for r in results if isinstance(r, int))
        assert won == list(range(2, 2 + len(won)))
        assert all(isinstance(r, int | errors.CampaignNotInState) for r in results)

    def test_decisions_keep_the_version_they_used(self, database: Database) -> None:
        with database.transaction() as session:
            campaign_id = go_live(session)
            weigh(session, moment())
            facade.revise_campaign(session, campaign_id, {"name": "Renamed"}, by="psn", at=START)
            (view,) = facade.decisions(session)
            assert (view.campaign_version, view.campaign_name) == (1, "Bonbon of the month")
            assert session.scalars(select(Decision.campaign_version)).all() == [1]

"""What a campaign would say: what is let pass is taken, what is refused is refused in the same words, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.db import Database
from app.kernel.errors import AppError
from offers import benefit_schemas, facade, previewing
from offers.definition import BenefitKind
from offers.errors import NoSuchCampaign
from tests.conftest import START
from tests.offers.builders import document, go_live

CAM = "cam_bonbon"
WRONG: list[dict[str, Any]] = [
    {"name": ""},
    {"benefit": {"kind": "percent", "percent": 120}},
    {"trigger": {"moment_kinds": ["store_visit"], "place_ids": ["plc_nowhere"], "chains": []}},
    {"stacking": {"group": "a", "combinable": True, "after": ["a"]}},
]


class TestPreview:
    @pytest.mark.parametrize("change", WRONG)
    def test_refuses_what_writing_refuses_in_the_same_words(self, database: Database, change: dict[str, Any]) -> None:
        with database.transaction() as session:
            go_live(session)
            with pytest.raises(AppError) as asked:
                facade.preview_campaign(session, change, campaign_id=CAM)
            with pytest.raises(AppError) as written:
                facade.revise_campaign(session, CAM, change, by="psn", at=START)
        assert (asked.value.fields, asked.value.detail) == (written.value.fields, written.value.detail)

    def test_a_new_one_is_refused_for_a_place_nobody_knows(self, database: Database) -> None:
        with database.reading() as session, pytest.raises(AppError) as refused:
            facade.preview_campaign(session, document(trigger={"moment_kinds": ["dwell"], "place_ids": ["plc_nowhere"]}))
        assert [f.field for f in refused.value.fields] == ["trigger.place_ids"]

    def test_says_what_would_be_stored_and_what_is_otherwise_than_live(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
            facade.pause_campaign(session, CAM, at=START)
            facade.revise_campaign(session, CAM, {"title": "Second"}, by="psn", at=START)
            found = facade.preview_campaign(session, {"benefit": {"percent": 25}}, campaign_id=CAM)
            assert (found.compared_to, found.was_live, found.benefit_text) == (1, True, "25 % off, up to €5.00")
            assert [c.field for c in found.changes] == ["title", "benefit.percent"]
            assert found.document["benefit"]["percent"] == 25.0
            view = facade.campaign(session, CAM)
            assert view is not None
            assert (view.version, view.definition["benefit"]["percent"]) == (2, 20.0)

    def test_a_draft_is_compared_with_itself_a_new_one_with_nothing(self, database: Database) -> None:
        with database.transaction() as session:
            facade.draft_campaign(session, document(), by="psn", at=START, campaign_id=CAM)
            found = facade.preview_campaign(session, {"title": "Other"}, campaign_id=CAM)
            assert (found.compared_to, found.was_live, [c.field for c in found.changes]) == (1, False, ["title"])
            new = facade.preview_campaign(session, document())
            assert (new.compared_to, new.changes) == (None, ())
            with pytest.raises(NoSuchCampaign):
                facade.preview_campaign(session, {}, campaign_id="cam_none")


class TestSinceLive:
    def test_nothing_until_a_version_that_was_live_is_left_behind(self, database: Database) -> None:
        with database.transaction() as session:
            facade.draft_campaign(session, document(), by="psn", at=START, campaign_id=CAM)
            assert facade.changes_since_live(session, CAM) is None
            facade.activate_campaign(session, CAM, at=START)
            assert facade.changes_since_live(session, CAM) is None
            facade.revise_campaign(session, CAM, {"title": "Second"}, by="psn", at=START)
            assert previewing.last_live(session, CAM) == 2
            facade.pause_campaign(session, CAM, at=START)
            facade.revise_campaign(session, CAM, {"title": "Third"}, by="psn", at=START)
            found = facade.changes_since_live(session, CAM)
            assert found is not None
            assert (found[0], [c.text for c in found[1]]) == (2, ["Headline: Second → Third."])


class TestDefaults:
    def test_a_form_may_begin_with_them(self, database: Database) -> None:
        with database.reading() as session:
            assert facade.preview_campaign(session, facade.campaign_defaults()).document == facade.campaign_defaults()


class TestBenefitFields:
    def test_each_kind_takes_its_fields_and_no_other(self) -> None:
        """Against the schema itself: a field of the list is not what it refuses, a field beside it is."""
        given: dict[str, Any] = {
            "percent": 10, "amount_minor": 100, "price_minor": 100, "buy_items": 1, "get_items": 1, "tiers": [{"from_minor": 0, "percent": 5}], "payment_methods": ["card"],
            "multiplier": 2, "max_items": 1, "max_discount_minor": 100, "floor_percent": 5, "floor_unit_minor": 5,
        }  # fmt: skip
        for kind in BenefitKind:
            needed = {name: given[name] for name in benefit_schemas.NEEDS[kind]} | ({"percent": 10} if kind is BenefitKind.CASHBACK else {})
            benefit_schemas.BenefitIn.model_validate({"kind": kind, **needed})
            for name, value in given.items():
                ok = True
                try:
                    benefit_schemas.BenefitIn.model_validate({"kind": kind, **needed, name: value})
                except ValueError as refusal:
                    ok = "take out" not in str(refusal) and "take it out" not in str(refusal)
                assert ok == (name in benefit_schemas.FIELDS[kind.value]), (kind, name)

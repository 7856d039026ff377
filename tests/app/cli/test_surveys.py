"""`moments surveys`: opened, counted, closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments


@pytest.fixture
def survey_id(migrated: Moments, data_dir: Path) -> str:
    from app.bootstrap import build
    from app.settings import load_settings
    from notifications import facade as notifications

    house = build(load_settings(data_dir=data_dir, loops=False))
    surveys = notifications.surveys
    with house.database.transaction() as session:
        given = surveys.SurveyIn.model_validate({"title": "Your visit", "questions": surveys.of_lines("single: How? | A friend | The window")})
        surveys.keep(session, "visit", given, by="test", at=house.clock.now())
    house.stop()
    house.database.close()
    return "visit"


class TestSurveys:
    def test_each_word_on_it(self, migrated: Moments, survey_id: str) -> None:
        assert "Your visit" in migrated("surveys", "list").out
        assert migrated("surveys", "open", survey_id).out == "visit: open\n"
        assert "visit/q1/a-friend" in migrated("surveys", "figures", survey_id).out
        assert "fewer than 20" in migrated("surveys", "figures", survey_id).out
        assert migrated("surveys", "close", survey_id).out == "visit: closed\n"
        assert migrated("surveys", "close", survey_id).code == 1

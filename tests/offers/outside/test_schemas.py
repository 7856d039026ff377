"""What may be asked, in a campaign's document: there and back, and each wrong value with its remedy."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.errors import Invalid
from offers import schemas
from tests.offers.builders import document

SUNNY_WEEKEND: dict[str, Any] = {"within_days": 3, "on": "weekend", "rain": "dry", "sunny": True, "min_high_c": 18.0, "max_high_c": None}


class TestChecked:
    def test_there_and_back(self) -> None:
        special = {"within_days": 1, "kinds": ["day_before_public_holiday", "weekend"], "named": ["black_friday"]}
        stored = schemas.document_of(schemas.checked(document(weather=SUNNY_WEEKEND, special_days=special)))
        assert (stored["weather"], stored["special_days"]) == (SUNNY_WEEKEND, special)
        assert schemas.checked(stored) == schemas.checked(document(weather=SUNNY_WEEKEND, special_days=special))

    def test_a_campaign_that_does_not_ask(self) -> None:
        stored = schemas.document_of(schemas.checked(document()))
        assert (stored["weather"], stored["special_days"]) == (None, None)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"weather": {"on": "weekend"}}, "weather: say rain, sunny, min_high_c or max_high_c"),
            ({"weather": {"min_high_c": 20, "max_high_c": 19.5}}, "weather: min_high_c is more than max_high_c"),
            ({"weather": {"rain": "dry", "within_days": 10}}, "weather.within_days: Input should be less than or equal to 9"),
            ({"weather": {"rain": "snow"}}, "weather.rain: Input should be 'dry' or 'wet'"),
            ({"weather": {"min_high_c": float("nan")}}, "weather.min_high_c: Input should be a finite number"),
            ({"weather": {"rain": "dry", "wind": 3}}, "weather.wind: Extra inputs are not permitted"),
            ({"special_days": {"within_days": 2}}, "special_days: say kinds (weekend, public_holiday"),
            ({"special_days": {"named": ["Black Friday"]}}, "special_days.named[0]: String should match pattern"),
            ({"special_days": {"kinds": ["weekend"], "within_days": 31}}, "special_days.within_days: Input should be less than or equal to 30"),
        ],
    )
    def test_a_wrong_value_is_named(self, changes: dict[str, Any], says: str) -> None:
        with pytest.raises(Invalid) as refused:
            schemas.checked(document(**changes))
        assert str(refused.value.detail).startswith(says)

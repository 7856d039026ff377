"""Caps in a campaign document: there and back, and a remedy for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.errors import Invalid
from offers import schemas
from offers.definition import Caps, Hint, WindowCap
from tests.offers.builders import document

WHOLE: dict[str, Any] = {
    "per_shopper": 2,
    "per_shopper_window": {"count": 1, "window_s": 3600},
    "total": 500,
    "per_place": 50,
    "total_window": {"count": 20, "window_s": 86_400},
    "counted_by": ["account", "contact", "device", "payment"],
}


class TestCapsIn:
    def test_there_and_back(self) -> None:
        definition = schemas.checked(document(caps={**WHOLE, "counted_by": ["payment", "device", "account", "contact"]}))
        assert definition.caps == Caps(2, WindowCap(1, 3600), 500, 50, WindowCap(20, 86_400), tuple(Hint))
        assert schemas.document_of(definition)["caps"] == WHOLE

    def test_left_out(self) -> None:
        caps = schemas.checked(document(caps={})).caps
        assert caps == Caps(1, None, None, None, None, (Hint.ACCOUNT,))
        assert caps.joined_by == ()

    @pytest.mark.parametrize(
        ("caps", "field", "remedy"),
        [
            ({"per_place": 0}, "caps.per_place", "greater than or equal to 1"),
            ({"per_place": "3"}, "caps.per_place", "valid integer"),
            ({"total_window": {"count": 3, "window_s": 59}}, "caps.total_window.window_s", "greater than or equal to 60"),
            ({"total_window": {"count": 3}}, "caps.total_window.window_s", "required"),
            ({"counted_by": ["account", "face"]}, "caps.counted_by[1]", "'account', 'contact', 'device' or 'payment'"),
            ({"counted_by": ["device"]}, "caps", "counted_by must name account"),
            ({"counted_by": ["account", "device"], "per_shopper": None}, "caps", "set per_shopper or per_shopper_window"),
            ({"per_store": 3}, "caps.per_store", "not permitted"),
        ],
    )
    def test_what_is_wrong(self, caps: dict[str, Any], field: str, remedy: str) -> None:
        with pytest.raises(Invalid) as caught:
            schemas.checked(document(caps=caps))
        (error,) = caught.value.fields
        assert error.field == field
        assert remedy.lower() in error.remedy.lower()


class TestJoinedBy:
    def test_only_where_a_shopper_is_bounded(self) -> None:
        both = (Hint.ACCOUNT, Hint.DEVICE)
        assert Caps(1, counted_by=both).joined_by == (Hint.DEVICE,)
        assert Caps(None, WindowCap(1, 60), counted_by=both).joined_by == (Hint.DEVICE,)
        assert Caps(None, counted_by=both).joined_by == ()

"""Events say who, what and when; never where to the metre, and nothing that opens a door.

Seen to fail on a planted `lat_deg` in MomentDetected, on a nested Fix, and on a `code` in CouponIssued.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from datetime import datetime
from typing import Any

import pytest

from app.cli.docs import events

FORBIDDEN = re.compile(
    r"^(lat|lon|lng|latitude|longitude|coordinates?|position|location|geometry|point|accuracy|bearing|speed|altitude|h3|cell|geohash|"
    r"code|token|secret|key|email|phone|password|cookie|address)(_|$)|_(lat|lon|deg|code|token|secret|email|phone)$"
)
PLAIN = (str, int, float, bool, type(None), datetime)


def _plain(hint: Any) -> bool:
    if hint in PLAIN:
        return True
    arguments = typing.get_args(hint)
    return bool(arguments) and all(a is Ellipsis or _plain(a) for a in arguments)


@pytest.mark.parametrize("event", events(), ids=lambda e: e.TYPE)
class TestEvents:
    def test_holds_no_coordinate_and_no_secret(self, event: type[Any]) -> None:
        assert [f.name for f in dataclasses.fields(event) if FORBIDDEN.search(f.name)] == []

    def test_holds_plain_values_only(self, event: type[Any]) -> None:
        """A nested object could carry what its name hides."""
        hints = typing.get_type_hints(event)
        assert [f.name for f in dataclasses.fields(event) if not _plain(hints[f.name])] == []

    def test_is_frozen_and_named_in_the_past_tense(self, event: type[Any]) -> None:
        assert event.__dataclass_params__.frozen
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z_]+", event.TYPE)
        assert re.search(r"(ed|ent|id|awn|iven|left)$", event.TYPE), "past tense: what has happened"

    def test_says_whom_it_is_about(self, event: type[Any]) -> None:
        """Erasure finds a person's events by these."""
        assert {f.name for f in dataclasses.fields(event)} & {"shopper_id", "order_id", "campaign_id", "place_id", "person_id", "receipt_id", "erasure_id", "partner_id", "report_id"}

    def test_instants_say_so(self, event: type[Any]) -> None:
        hints = typing.get_type_hints(event)
        assert [f.name for f in dataclasses.fields(event) if hints[f.name] is datetime and f.name != "at" and not f.name.endswith(("_at", "_until"))] == []


def test_no_two_events_share_a_type() -> None:
    types = [e.TYPE for e in events()]
    assert len(types) == len(set(types))

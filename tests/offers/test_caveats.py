"""What a coupon is bound to: each caveat held and not held; JSON both ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.kernel.verdict import PASS, Verdict
from offers import caveats
from offers.caveats import Caveat, Channels, Context, Holder, Person, Places, Trust, Uses, Window
from tests.conftest import START
from tests.offers.builders import seconds

HERE = Context(START, caveats.APP, "shp_jane", "plc_kluuvi", "corroborated")
TILL = replace(HERE, channel=caveats.TILL, shopper_id=None)
ALL: tuple[Caveat, ...] = (
    Holder("shp_jane"),
    Places(("plc_kluuvi",)),
    Channels(True, True),
    Window(START, START + seconds(60)),
    Trust("corroborated"),
    Uses(1),
)


def said(verdict: Verdict) -> str:
    return "" if verdict is PASS else verdict.reason  # type: ignore[union-attr]


class TestVerify:
    @pytest.mark.parametrize(
        ("caveat", "context", "reason"),
        [
            (Holder("shp_jane"), HERE, ""),
            (Holder("shp_jane"), replace(HERE, shopper_id="shp_eve"), "wrong_holder"),
            (Holder("shp_jane"), TILL, ""),
            (Places(("plc_kluuvi",)), HERE, ""),
            (Places(("plc_kluuvi",)), replace(HERE, place_id="plc_x"), "place_not_covered"),
            (Places(("plc_kluuvi",)), replace(HERE, place_id=None), ""),
            (Places(("plc_kluuvi",)), replace(TILL, place_id=None), "place_not_covered"),
            (Channels(True, False), HERE, ""),
            (Channels(True, False), TILL, "channel_not_covered"),
            (Channels(False, True), HERE, "channel_not_covered"),
            (Window(START, START + seconds(60)), HERE, ""),
            (Window(START, START + seconds(60)), replace(HERE, at=START + seconds(59.999999)), ""),
            (Window(START, START + seconds(60)), replace(HERE, at=START + seconds(60)), "coupon_expired"),
            (Window(START, START + seconds(60)), replace(HERE, at=START - seconds(0.000001)), "coupon_not_yet_valid"),
            (Trust("corroborated"), HERE, ""),
            (Trust("verified"), HERE, "trust_too_low"),
            (Uses(1), HERE, ""),
            (Uses(1), replace(HERE, used=1), "coupon_already_redeemed"),
            (Person(2, ("device",)), replace(HERE, used_by_same=1), ""),
            (Person(2, ("device",)), replace(HERE, used_by_same=2), "person_limit_used"),
        ],
    )
    def test_each(self, caveat: Caveat, context: Context, reason: str) -> None:
        assert said(caveat.verify(context)) == reason


class TestRefusals:
    def test_none_when_all_hold(self) -> None:
        assert caveats.refusals(ALL, HERE) == ()

    def test_all_that_do_not(self) -> None:
        wrong = Context(START + seconds(60), caveats.APP, "shp_eve", "plc_x", "claimed", 1)
        assert [f.reason for f in caveats.refusals(ALL, wrong)] == [
            "wrong_holder",
            "place_not_covered",
            "coupon_expired",
            "trust_too_low",
            "coupon_already_redeemed",
        ]


class TestJson:
    def test_there_and_back(self) -> None:
        assert caveats.from_json(caveats.to_json(ALL)) == ALL

"""Which claims a coupon gets: its own caveats, for one phone, for a while; none where they do not fit a code."""

from __future__ import annotations

from datetime import timedelta

from offers import caveats, coupon_signing, coupon_token
from offers.models import CouponRow
from tests.conftest import START


def row(places: int = 2) -> CouponRow:
    end = START + timedelta(days=2)
    bound = [
        caveats.Holder("shp_jane"), caveats.Places(tuple(f"plc_{k}" for k in range(places))), caveats.Channels(False, True),
        caveats.Window(START, end), caveats.Trust("corroborated"), caveats.Uses(1),
    ]  # fmt: skip
    return CouponRow(
        id="cpn_" + "0" * 26, shopper_id="shp_jane", caveats=caveats.to_json(bound), trust="verified", benefit_text="20 % off",
        issued_at=START, expires_at=end,
    )  # fmt: skip


class TestClaimsOf:
    def test_the_coupon_s_own_caveats(self) -> None:
        claims = coupon_signing.claims_of(row(), "dev_1", START, 3600)
        assert (claims.at_till, claims.in_app, claims.trust, claims.min_trust, claims.uses) == (True, False, "verified", "corroborated", 1)
        assert claims.places == (coupon_token.place_mark("plc_0"), coupon_token.place_mark("plc_1"))
        assert (claims.good_until, claims.ends_at) == (START + timedelta(hours=1), START + timedelta(days=2))
        assert claims.device != coupon_signing.claims_of(row(), "dev_2", START, 3600).device

    def test_never_longer_than_the_coupon(self) -> None:
        assert coupon_signing.claims_of(row(), "dev_1", START, 7 * 86_400).good_until == START + timedelta(days=2)


class TestSign:
    def test_no_more_places_than_a_code_carries(self) -> None:
        assert coupon_signing.sign(row(32), "dev_1", START, 3600) is not None
        assert coupon_signing.sign(row(33), "dev_1", START, 3600) is None

    def test_neither_shopper_nor_device_nor_place_can_be_read_off(self) -> None:
        signed = coupon_signing.sign(row(), "dev_1", START, 3600)
        assert signed is not None
        shown = coupon_token.read(signed.text)
        assert isinstance(shown, coupon_token.Shown)
        for secret in (b"shp_jane", b"dev_1", b"plc_0"):
            assert secret not in shown.message

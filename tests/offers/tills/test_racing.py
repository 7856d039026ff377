"""Many tills tell their journals while the same coupons are used at others: nobody waits in a circle, nothing is used twice."""

from __future__ import annotations

from sqlalchemy import func, select

from app.kernel.db import Database
from app.security import people
from offers import facade
from offers.errors import CouponAlreadyRedeemed
from offers.models import Redemption
from offers.tills.journal import EntryKind
from tests.conftest import START
from tests.offers.builders import give, go_live, race
from tests.offers.tills.test_offline import CLERK, LATER, Phone, Till

COUPONS, TILLS = 6, 4


def test_each_coupon_is_used_once_and_every_other_use_is_a_named_double(database: Database) -> None:
    with database.transaction() as session:
        go_live(session, caps={"per_shopper": None}, budget_minor=1_000_000)
        device = people.register_device(session, "Phone", "ios", START)
    coupons = [give(database, f"mom_{k}", f"shp_{k}") for k in range(COUPONS)]
    phones = [Phone(database, coupon, device.device_id) for coupon in coupons]
    tills = [Till(database, place_id=place) for place in ("plc_kluuvi", "plc_kamppi", "plc_kluuvi", "plc_kamppi")]
    for n, till in enumerate(tills):
        for k in range(COUPONS):
            till.write(EntryKind.REDEEM, phones[(k + n) % COUPONS].show(START), START)

    def tells(till: Till) -> list[str]:
        return [till.report(LATER, [entry])[0].outcome for entry in till.entries]

    def scans() -> list[str]:
        out: list[str] = []
        for coupon in reversed(coupons):
            with database.transaction() as session:
                try:
                    facade.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id=f"other {CLERK}", at=LATER)
                except CouponAlreadyRedeemed:
                    out.append("already")
                else:
                    out.append("redeemed")
        return out

    answers = race([*(lambda till=till: tells(till) for till in tills), scans])
    assert all(isinstance(a, list) for a in answers), answers
    said = [word for answer in answers for word in answer]
    with database.reading() as session:
        assert facade.books(session, "cam_bonbon").drift == ()
        assert session.scalar(select(func.count()).select_from(Redemption)) == COUPONS
    assert (said.count("redeemed"), said.count("double") + said.count("already")) == (COUPONS, COUPONS * TILLS)

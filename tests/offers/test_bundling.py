"""The best bundle of what she holds."""

from __future__ import annotations

from app.kernel.db import Database
from offers import facade
from tests.conftest import START
from tests.offers.builders import bonbons, give, go_live, moment, seconds, weigh


def hold(database: Database, **benefits: dict[str, object]) -> None:
    """A coupon of a campaign each, given at different moments."""
    for n, (name, changes) in enumerate(benefits.items()):
        with database.transaction() as session:
            go_live(
                session, f"cam_{name}", title=name, benefit=changes["benefit"], stacking=changes.get("stacking", {})
            )
            weigh(session, moment(f"mom_{name}", at=START), START)
            facade.pause_campaign(session, f"cam_{name}", at=START + seconds(n))


def best(database: Database, quantity: int = 2, shopper_id: str = "shp_jane") -> tuple[int, tuple[str, ...]]:
    with database.reading() as session:
        found = facade.best_bundle(
            session, shopper_id=shopper_id, lines=bonbons(quantity), currency="EUR", place_id=None, at=START
        )
    return found.discount_minor, tuple(share.title for share in found.shares)


TOGETHER = {"combinable": True}


class TestBestBundle:
    def test_by_default_one_coupon_a_cart(self, database: Database) -> None:
        hold(
            database,
            ten={"benefit": {"kind": "percent", "percent": 10}},
            euro={"benefit": {"kind": "amount", "amount_minor": 100}},
        )
        assert best(database) == (100, ("euro",))

    def test_those_that_combine(self, database: Database) -> None:
        hold(
            database,
            ten={"benefit": {"kind": "percent", "percent": 10}, "stacking": TOGETHER},
            euro={"benefit": {"kind": "amount", "amount_minor": 100}, "stacking": TOGETHER},
            big={"benefit": {"kind": "amount", "amount_minor": 500, "min_basket_minor": 10_000}, "stacking": TOGETHER},
        )
        assert best(database)[0] == 190
        assert set(best(database)[1]) == {"ten", "euro"}

    def test_another_shopper_and_a_used_coupon_have_none(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
        held = give(database)
        assert best(database, shopper_id="shp_else") == (0, ())
        with database.transaction() as session:
            facade.redeem_at_till(session, code=held.code, place_id="plc_kluuvi", clerk_id="c", at=START)
        assert best(database) == (0, ())

    def test_it_changes_nothing(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
        held = give(database)
        assert best(database) == (180, (held.title,))
        with database.reading() as session:
            assert facade.coupon(session, held.id) == held

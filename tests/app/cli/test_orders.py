"""`moments orders show`: the order, its parcels, and each step with its time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments


@pytest.fixture
def order_id(migrated: Moments, data_dir: Path) -> str:
    """A paid order with one parcel that is on its way and one that could not be delivered."""
    from app.bootstrap import build
    from app.settings import load_settings
    from storefront.orders.models import OrderLineRow, OrderRow
    from storefront.shipments import repository
    from storefront.shipments.states import Failure, ShipmentState
    from tests.conftest import START

    house = build(load_settings(data_dir=data_dir, loops=False))
    with house.database.transaction() as session:
        sums = {"subtotal_minor": 300, "discount_minor": 0, "total_minor": 300}
        session.add(OrderRow(id="ord_1", shopper_id="shp_1", state="paid", currency="EUR", placed_at=START, expires_at=START, paid_at=START, **sums))
        session.flush()
        session.add(OrderLineRow(order_id="ord_1", line_no=1, product_id="p", name="Bar", unit_minor=100, quantity=3, discount_minor=0, total_minor=300))
        session.flush()
        first, second = (repository.write(session, "ord_1", "shp_1", {1: n}, carrier="Posti", tracking="JJ 1" if n > 1 else "", by="key_1", at=START) for n in (2, 1))
        repository.move(session, first, ShipmentState.OUT_FOR_DELIVERY, START, expected_at=START)
        repository.move(session, second, ShipmentState.HANDED_OVER, START)
        repository.move(session, second, ShipmentState.FAILED, START, why=Failure.REFUSED)
    house.stop()
    house.database.close()
    return "ord_1"


class TestShow:
    def test_each_parcel_with_its_steps(self, migrated: Moments, order_id: str) -> None:
        shown, explained = migrated("orders", "show", order_id), migrated("explain", order_id)
        assert (shown.code, explained.out) == (0, shown.out)
        assert "ord_1: paid, \u20ac3.00, placed 2026-11-21 12:00 UTC" in shown.out
        assert "out for delivery, Posti JJ 1; 2 x Bar\n  2026-11-21 12:00 UTC  packed\n  2026-11-21 12:00 UTC  out for delivery\n  2026-11-21 12:00 UTC  expected, says the carrier" in shown.out
        assert "failed, Posti; 1 x Bar\n" in shown.out
        assert "failed: refused" in shown.out

    def test_as_json_and_of_none(self, migrated: Moments, order_id: str) -> None:
        assert [one["state"] for one in json.loads(migrated("orders", "show", order_id, "--json").out)["shipments"]] == ["out_for_delivery", "failed"]
        nothing = migrated("orders", "show", "ord_2")
        assert (nothing.code, nothing.out, "there is no order ord_2" in nothing.err) == (1, "", True)

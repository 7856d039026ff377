"""Links that name nobody, orders owed to the last of them, rewards once and only for somebody new who is somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.kernel.clock import ManualClock
from app.kernel.outbox import Subscriptions
from app.kernel.relay import Relay
from app.security import people
from offers import facade as offers
from storefront import handlers
from storefront.errors import UnknownProduct, UnknownShare
from storefront.facade import Shop, open_shop, points, sharing
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.sharing import rewarding
from storefront.sharing.links import forget, token_of, told
from storefront.sharing.models import ReferralRow
from tests.storefront.floor import SETTINGS, events, fill, order, shopper

REWARD = SETTINGS.model_copy(update={"referral_points": 200, "referrals_most_a_year": 1})
LONG = timedelta(days=60).total_seconds()


@pytest.fixture
def shop(shop: Shop) -> Shop:
    return open_shop(shop.database, REWARD, gateway=shop.gateway)


def share(shop: Shop, shopper_id: str, product_id: str = "prd_bonbon") -> str:
    with shop.database.transaction() as session:
        return sharing.share(session, shopper_id, product_id, at=shop.now()).path.removeprefix(sharing.PREFIX)


def come(shop: Shop, shopper_id: str, token: str) -> str:
    with shop.database.transaction() as session:
        return sharing.came(session, shopper_id, token, at=shop.now())


def buy(shop: Shop, shopper_id: str, key: str = "k1") -> str:
    """She pays, and the house hears of it."""
    fill(shop, shopper_id, prd_bonbon=1)
    order_id, _ = order(shop, key, shopper_id=shopper_id, method="pm_card_visa")
    with shop.database.transaction() as session:
        rewarding.paid(session, order_id, shop.settings, at=shop.now())
        rewarding.paid(session, order_id, shop.settings, at=shop.now())
    return order_id


def became(shop: Shop) -> list[tuple[str, str | None]]:
    with shop.database.reading() as session:
        return [(row.state, row.why) for row in session.scalars(select(ReferralRow).order_by(ReferralRow.noted_at, ReferralRow.order_id))]


def has(shop: Shop, shopper_id: str) -> int:
    with shop.database.reading() as session:
        return points(session, shopper_id)


class TestLink:
    def test_the_same_each_time_and_names_nobody(self, shop: Shop) -> None:
        jane, _ = shopper(shop.database)
        token = share(shop, jane)
        assert share(shop, jane) == token
        assert share(shop, jane, "prd_truffle") != token
        assert jane not in token
        assert come(shop, shopper(shop.database)[0], token) == "prd_bonbon"
        with pytest.raises(UnknownProduct):
            share(shop, jane, "prd_gone")

    def test_what_we_have_not_signed_leads_nowhere(self, shop: Shop) -> None:
        """Planted bug: the signature was not compared."""
        token = share(shop, shopper(shop.database)[0])
        john, _ = shopper(shop.database)
        for wrong in (token[:16] + "0" * 20, "a" * 16 + token[16:], "a" * 36, token + "0", "", token_of("a" * 16)):
            with pytest.raises(UnknownShare):
                come(shop, john, wrong)

    def test_the_routes(self, shop: Shop, client: TestClient) -> None:
        (_, jane), (john_id, john) = shopper(shop.database), shopper(shop.database)
        made = client.post("/v1/me/shares", headers=jane, json={"product_id": "prd_bonbon"})
        path = made.json()["path"]
        token = path.removeprefix("/s/")
        assert (made.status_code, client.get(f"/v1/shares/{token}").json()) == (201, {"product_id": "prd_bonbon"})
        assert told_of(shop, john_id) == {}  # looking counts for nobody
        assert client.post(f"/v1/shares/{token}/come", headers=john).json() == {"product_id": "prd_bonbon"}
        assert [one["points"] for one in client.get("/v1/me/shares", headers=jane).json()["shares"]] == [0]
        assert client.get("/v1/shares/nothing").json()["code"] == "unknown_share"


def told_of(shop: Shop, shopper_id: str) -> dict[str, Any]:
    with shop.database.reading() as session:
        return told(session, shopper_id)


class TestReward:
    def test_for_a_first_order_that_can_no_longer_come_back_once(self, shop: Shop, clock: ManualClock) -> None:
        """Planted bug: it was not waited for, and she had points at once."""
        (jane, _), (john, _) = shopper(shop.database), shopper(shop.database)
        come(shop, john, share(shop, jane))
        buy(shop, john)
        assert (rewarding.settle_due(shop), has(shop, jane)) == (0, 0)
        clock.advance(timedelta(days=28).total_seconds())
        assert rewarding.settle_due(shop) == 0
        clock.advance(timedelta(days=1).total_seconds())
        assert (rewarding.settle_due(shop), rewarding.settle_due(shop), has(shop, jane)) == (1, 0, 200)
        assert events(shop, "referral.") == ["referral.rewarded"]
        with shop.database.reading() as session:
            assert [one.points for one in sharing.of_shopper(session, jane)] == [200]

    def test_the_house_hears_of_a_paid_order_by_itself(self, shop: Shop) -> None:
        subscriptions = Subscriptions()
        handlers.subscribe(subscriptions, REWARD)
        subscriptions.attach(shop.database)
        (jane, _), (john, _) = shopper(shop.database), shopper(shop.database)
        come(shop, john, share(shop, jane))
        fill(shop, john, prd_bonbon=1)
        order(shop, shopper_id=john, method="pm_card_visa")
        Relay(shop.database, subscriptions).run_until_idle()
        assert became(shop) == [("waiting", None)]

    def test_the_last_link_counts_and_only_hers_who_came(self, shop: Shop, clock: ManualClock) -> None:
        (jane, _), (eve, _), (john, _) = (shopper(shop.database) for _ in range(3))
        come(shop, john, share(shop, jane))
        clock.advance(60)
        come(shop, john, share(shop, eve))
        buy(shop, john)
        clock.advance(LONG)
        rewarding.settle_due(shop)
        assert (has(shop, jane), has(shop, eve)) == (0, 200)

    def test_not_for_a_second_order_nor_beyond_the_cap(self, shop: Shop, clock: ManualClock) -> None:
        """Planted bugs, each seen to fail: earlier orders were not asked; rewards of the year were not counted."""
        (jane, _), (john, _), (joe, _) = (shopper(shop.database) for _ in range(3))
        token = share(shop, jane)
        for n, who in enumerate((john, john, joe)):
            come(shop, who, token)
            buy(shop, who, f"k{n}")
            clock.advance(60)
        clock.advance(LONG)
        assert rewarding.settle_due(shop) == 3
        assert became(shop) == [("rewarded", None), ("refused", "referral_not_first_order"), ("refused", "referral_cap_reached")]
        assert has(shop, jane) == 200

    @pytest.mark.parametrize("how", ["refunded", "returned"])
    def test_not_for_what_went_back(self, shop: Shop, clock: ManualClock, how: str) -> None:
        (jane, _), (john, _) = shopper(shop.database), shopper(shop.database)
        come(shop, john, share(shop, jane))
        order_id = buy(shop, john)
        with shop.database.transaction() as session:
            if how == "refunded":
                session.execute(update(OrderRow).where(OrderRow.id == order_id).values(refund_state="due"))
            else:
                session.execute(update(OrderLineRow).where(OrderLineRow.order_id == order_id).values(returned=OrderLineRow.quantity))
        clock.advance(LONG)
        rewarding.settle_due(shop)
        assert (became(shop), has(shop, jane)) == ([("refused", "referral_went_back")], 0)

    @pytest.mark.parametrize("by", ["account", "device", "payment", "contact"])
    def test_not_for_herself(self, shop: Shop, clock: ManualClock, by: str) -> None:
        """Planted bugs, each seen to fail: the hints were not asked; for `account`, her other ids were not."""
        (jane, _), (other, _) = shopper(shop.database), shopper(shop.database)
        come(shop, other, share(shop, jane))
        with shop.database.transaction() as session:
            at = shop.now()
            for who in (jane, other):
                if by == "payment":
                    offers.note_payment_method(session, shopper_id=who, fingerprint="card_1", at=at)
                elif by == "contact":
                    offers.note_contact(session, shopper_id=who, contact="Jane@example.com", at=at)
                elif by == "device":
                    offers.note_phone(session, shopper_id=who, device_id="dev_same", at=at)
        buy(shop, other)
        if by == "account":  # found out later: she signs in with the other
            with shop.database.transaction() as session:
                people.join(session, people.device_ids_of(session, other)[0], jane)
        clock.advance(LONG)
        rewarding.settle_due(shop)
        assert became(shop) == [("refused", "referral_same_person")]
        with shop.database.reading() as session:  # what she has besides may be points of the order that is hers now
            assert [one.points for one in sharing.of_shopper(session, jane)] == [0]

    def test_her_own_link_counts_for_nobody(self, shop: Shop) -> None:
        jane, _ = shopper(shop.database)
        come(shop, jane, share(shop, jane))
        buy(shop, jane)
        assert became(shop) == []

    def test_no_reward_where_the_shop_gives_none(self, shop: Shop, clock: ManualClock) -> None:
        plain = open_shop(shop.database, SETTINGS, gateway=shop.gateway)
        (jane, _), (john, _) = shopper(shop.database), shopper(shop.database)
        come(plain, john, share(plain, jane))
        buy(plain, john)
        clock.advance(LONG)
        rewarding.settle_due(plain)
        assert became(plain) == [("refused", "referral_no_reward")]


class TestHerData:
    def test_is_told_and_erased_on_both_sides(self, shop: Shop, clock: ManualClock) -> None:
        (jane, _), (john, _) = shopper(shop.database), shopper(shop.database)
        come(shop, john, share(shop, jane))
        buy(shop, john)
        assert (set(told_of(shop, jane)), set(told_of(shop, john))) == ({"shares", "rewards"}, {"came_by"})
        assert john not in str(told_of(shop, jane))
        with shop.database.transaction() as session:
            assert (forget(session, john), forget(session, john)) == (2, 0)
        clock.advance(LONG)
        rewarding.settle_due(shop)
        assert became(shop) == [("refused", "referral_not_first_order")]
        with shop.database.transaction() as session:
            assert (forget(session, jane), forget(session, jane), told(session, jane)) == (2, 0, {})

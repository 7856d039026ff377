"""Plans as a file: out and in again, what a change would do, and what is refused."""

from __future__ import annotations

import pytest

from app.kernel.errors import Invalid
from storefront.facade import Shop
from storefront.membership_errors import MembershipFileOutdated
from storefront.memberships import planning
from tests.storefront.memberships.house import PLANS, House


def export(house: House) -> str:
    with house.shop.database.reading() as session:
        return planning.export(session)


def apply(house: House, text: str) -> tuple[str, ...]:
    with house.shop.database.transaction() as session:
        return planning.apply(session, text, by="maria", at=house.now()).changes


class TestApply:
    def test_what_was_exported_changes_nothing(self, house: House) -> None:
        assert apply(house, export(house)) == ()
        assert "version: 1" in export(house)

    def test_a_change_is_told_and_applied(self, house: House) -> None:
        changes = apply(house, export(house).replace("EUR: 990\n", "EUR: 1190\n").replace("grace_days: 5", "grace_days: 3"))
        assert changes == ("grace_days: 5 → 3", "plans.gold.prices.EUR: 990 → 1190")
        assert "version: 2" in export(house)

    def test_what_somebody_has_is_closed_not_taken_out(self, house: House) -> None:
        """Planted bug: `_under_their_hands` left out. The plan is gone, and who pays for it has nothing."""
        house.join("gold")
        text = export(house)
        without = text[: text.index("    gold:")] + text[text.index("    year:") :]
        with pytest.raises(Invalid, match="somebody has gold"):
            apply(house, without)
        with pytest.raises(Invalid, match="somebody pays for it as it is"):
            apply(house, text.replace("every: month", "every: year"))
        apply(house, text.replace("trial_days: 14", "trial_days: 14\n      open: false"))
        assert house.of().gives

    def test_a_file_from_before_is_refused(self, house: House) -> None:
        old = export(house)
        apply(house, old.replace("grace_days: 5", "grace_days: 3"))
        with pytest.raises(MembershipFileOutdated, match="it is version 2 now, the file is from version 1"):
            apply(house, old.replace("grace_days: 5", "grace_days: 4"))

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            (PLANS.replace("off_percent: 7.5", "off_percent: 51"), "memberships.plans.gold.benefits.off_percent"),
            (PLANS.replace("off_percent: 7.5", "off_percent: 7.555"), "memberships.plans.gold.benefits"),
            (PLANS.replace("benefits: {free_delivery: true}", "benefits: {}"), "memberships.plans.silver"),
            (PLANS.replace("EUR: 490", "EUR: 4.90"), "memberships.plans.silver.prices.EUR"),
            (PLANS.replace("every: year", "every: week"), "memberships.plans.year.every"),
            (PLANS.replace("trial_days: 14", "trail_days: 14"), "memberships.plans.gold.trail_days"),
            ("", "memberships"),
            ("loyalty: {}", "memberships"),
        ],
    )
    def test_each_wrong_field_is_named(self, shop: Shop, wrong: str, field: str) -> None:
        with shop.database.transaction() as session, pytest.raises(Invalid) as refused:
            planning.apply(session, wrong, by="maria", at=shop.now())
        assert field in [f.field for f in refused.value.fields]

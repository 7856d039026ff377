"""Exported, erased without trace, swept when old; the totals stay, since they name nobody."""

from __future__ import annotations

from app.analytics import privacy
from app.analytics.models import CampaignTotal
from app.migrations import metadata
from app.privacy import retention
from app.privacy.subjects import rows_about, tables_with_people
from tests.app.analytics.conftest import WHOLE, Counting


class TestHolders:
    def test_export_then_erase(self, counting: Counting) -> None:
        counting.consent(1, 2)
        counting.hear(*(event(n) for n in (1, 2) for event in WHOLE))
        (holder,) = privacy.HOLDERS
        with counting.database.transaction() as session:
            assert [m["campaign_id"] for m in holder.export(session, "shp_1")["moments"]] == [None, "cmp_1"]
            assert holder.erase(session, "shp_1") == 2
            assert holder.erase(session, "shp_1") == 0
        with counting.database.reading() as session:
            assert "analytics_funnel_row" not in dict(rows_about(session, metadata(), "shp_1"))
            assert "analytics_funnel_row" in dict(rows_about(session, metadata(), "shp_2"))
            assert session.get_one(CampaignTotal, ("cmp_1", "EUR")).redemptions == 2

    def test_every_table_about_people_is_held_and_has_a_rule(self) -> None:
        mine = {t for t in tables_with_people(metadata()) if t.startswith("analytics_")}
        assert mine == {t for h in privacy.HOLDERS for t in h.tables} == {r.table for r in privacy.RULES}


class TestRules:
    def test_swept_after_thirteen_months(self, counting: Counting) -> None:
        from datetime import timedelta

        counting.consent(1)
        counting.hear(*(event(1) for event in WHOLE))
        retention.register_rules(*privacy.RULES)
        with counting.database.transaction() as session:
            at = counting.database.clock.now()
            assert "analytics_funnel_row" not in retention.sweep(session, at + timedelta(days=395))
            assert retention.sweep(session, at + timedelta(days=397))["analytics_funnel_row"] == 2

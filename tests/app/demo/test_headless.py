"""Jane's story through the real application: every step in order, and one clear line when a step does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from app.demo import headless
from app.demo.phone import Phone

pytestmark = pytest.mark.timeout(240)


def told() -> tuple[int, list[dict[str, Any]]]:
    lines: list[dict[str, Any]] = []
    return headless.run(tell=lines.append), lines


class TestRun:
    def test_every_step_with_ids_and_reasons(self) -> None:
        code, lines = told()
        assert code == 0, lines[-1]
        assert [line["step"] for line in lines[:-1]] == list(headless.STEPS)
        assert all(line["reasons"] for line in lines[:-1])
        by_step = {line["step"]: line for line in lines[:-1]}
        assert by_step["decision"]["moment_id"] == by_step["moment"]["moment_id"]
        assert by_step["decision"]["campaign_id"] == "cam_bonbon_of_the_month"
        assert by_step["coupon"]["decision_id"] == by_step["decision"]["decision_id"]
        assert by_step["push"]["coupon_id"] == by_step["cart"]["coupon_id"] == by_step["redemption"]["coupon_id"] == by_step["coupon"]["coupon_id"]
        assert (by_step["cart"]["discount_minor"], by_step["cart"]["total_minor"]) == (180, 1130)
        assert by_step["redemption"]["order_id"] == by_step["order"]["order_id"]
        assert by_step["redemption"]["second_use"] == "refused"
        assert {k: v for k, v in lines[-1].items() if k != "elapsed_s"} == {"ok": True, "steps": 8}

    def test_without_consent_to_push_it_breaks_there_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = Phone.consent
        monkeypatch.setattr(Phone, "consent", lambda phone: given(phone, "location", "personalisation", "analytics"))
        monkeypatch.setattr(headless, "WAIT_S", 4.0)
        code, lines = told()
        assert code == 1
        assert lines[-1]["ok"] is False
        assert lines[-1]["step"] == "push"
        assert "no message" in lines[-1]["error"]

    def test_without_consent_to_location_not_one_fix_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = Phone.consent
        monkeypatch.setattr(Phone, "consent", lambda phone: given(phone, "personalisation", "marketing_push"))
        code, lines = told()
        assert code == 1
        assert [line.get("step") for line in lines] == ["fix"]
        assert "consent" in lines[-1]["error"]

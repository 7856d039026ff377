"""Where we saw you, as a shopper sees it: the map says what the words say, on a phone and on a desk, in both lights."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security.principals import Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving, until

FAR = """body => fetch("/v1/fixes", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)}).then(a => a.status)"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_map_shows_visits_points_and_cells(house_server: Serving, chromium: Any, size: tuple[int, int]) -> None:
    eyes = Eyes(chromium, house_server.url, size)
    try:
        eyes.enter(house_server.link(Role.SHOPPER))
        with house_server.house.database.transaction() as session:
            grant(session, eyes.my_id(), Purpose.LOCATION, source="test", at=house_server.house.clock.now())
        eyes.walk_in()
        now_s = house_server.house.clock.now().timestamp()
        far = [{"lat": 60.21 + i / 100, "lon": 24.88, "accuracy_m": 12, "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s - 7_200 + 600 * i))} for i in range(4)]
        assert eyes.page.evaluate(FAR, {"fixes": far}) == 200

        def worked_through() -> bool:
            """Until then all are points as they came."""
            eyes.go("/m/me/where")
            listed = min(eyes.page.locator(f"[data-{kind}] li").count() for kind in ("visits", "cells")) >= 1
            points = eyes.page.evaluate("JSON.stringify(JSON.parse(document.getElementById('held-drawn')?.textContent ?? '{}').points)") or ""
            return listed and not any(str(fix["lat"]) in points for fix in far)

        until(worked_through, eyes.shows)
        eyes.page.wait_for_selector("#held-map[data-state=ready]")
        assert 1 <= eyes.page.locator("[data-cells] li").count() <= 4
        drawn = eyes.page.evaluate("JSON.parse(document.getElementById('held-drawn').textContent)")
        assert {f["geometry"]["type"] for f in drawn["cells"]} == {"Polygon"}
        assert all(len(f["geometry"]["coordinates"][0]) >= 6 for f in drawn["cells"])
        assert not any(str(fix["lat"]) in str(drawn["points"]) for fix in far)
        eyes.look(f"where-{size[0]}")
        if folder := os.environ.get("MOMENTS_WHERE"):
            for scheme in ("dark", "light"):
                eyes.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                time.sleep(1.5)
                eyes.page.screenshot(path=str(Path(folder) / f"where-{size[0]}-{scheme}.png"), full_page=True)
    finally:
        eyes.close()

"""An operator reads the audit log: at both widths and in both lights, and the filter answers without a new page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.security.audit import journal
from app.security.principals import Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = pytest.mark.browser


class TestAudit:
    def test_looks_right_and_filters(self, window: Callable[..., Eyes], house_server: Serving) -> None:
        database = house_server.house.database
        at = database.clock.now()
        with database.transaction() as session:
            journal.note(session, "link.made", by="cli:olga", at=at, detail={"roles": ["clerk"], "ttl_s": 3600})
            journal.note(session, "device.frozen", by="cli:olga", about="shp_jane", at=at, detail={"device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41"})
        for size in (PHONE, DESKTOP):
            eyes = window(size)
            eyes.enter(house_server.link(Role.OPERATOR))
            eyes.go("/console/audit")
            eyes.page.get_by_text("The chain verifies").wait_for()
            eyes.look("audit")
            eyes.page.get_by_label("Kind").select_option("link")
            eyes.page.locator("tr[data-entry]", has_text="device.frozen").wait_for(state="detached")
            assert eyes.page.locator("tr[data-entry]", has_text="link.made").count() == 1

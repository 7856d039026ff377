"""`moments devices`: what there is, and ending, freezing and thawing one."""

from __future__ import annotations

import json

from app.cli.opening import opened_keys
from app.security import people
from tests.app.cli.conftest import Moments


class TestDevices:
    def test_listed_frozen_thawed_and_ended(self, migrated: Moments) -> None:
        with opened_keys() as (database, _), database.transaction() as session:
            made = people.register_device(session, "Jane's phone", "ios", database.clock.now())

        def levels() -> list[tuple[str, str]]:
            ran = migrated("devices", "list", made.shopper_id, "--json")
            assert "Jane" not in ran.out
            return [(d["level"], d["why"]) for d in json.loads(ran.out)]

        assert levels() == [("unknown", "device_without_key, device_not_attested")]
        assert migrated("devices", "freeze", made.device_id).out == f"{made.device_id} is frozen.\n"
        assert levels() == [("revoked", "device_not_compliant")]
        assert migrated("devices", "thaw", made.device_id).out == f"{made.device_id} is thawed.\n"
        assert levels() == [("unknown", "device_without_key, device_not_attested")]
        assert migrated("devices", "revoke", made.device_id).out == f"{made.device_id} is revoked.\n"
        assert levels() == []

    def test_an_unknown_one_says_where_to_look(self, migrated: Moments) -> None:
        ran = migrated("devices", "revoke", "dev_none")
        assert (ran.code, "moments devices list" in ran.err) == (1, True)

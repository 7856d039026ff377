"""API keys: shown once, listed without the key, revoked once."""

from __future__ import annotations

import json

from tests.app.cli.conftest import Moments


class TestKeys:
    def test_life_of_a_key(self, migrated: Moments) -> None:
        made = migrated("api-keys", "make", "tracker", "--scope", "places")
        key = made.out.splitlines()[0]
        (listed,) = json.loads(migrated("api-keys", "list", "--json").out)
        assert listed["name"] == "tracker"
        assert listed["scopes"] == ["places"]
        assert key not in migrated("api-keys", "list", "--json").out
        assert migrated("api-keys", "revoke", listed["id"]).out == f"{listed['id']} revoked\n"
        again = migrated("api-keys", "revoke", listed["id"])
        assert (again.code, again.out) == (1, "")
        assert listed["id"] in again.err

    def test_an_unknown_scope_names_those_there_are(self, migrated: Moments) -> None:
        ran = migrated("api-keys", "make", "x", "--scope", "everything")
        assert ran.code == 1
        assert "places" in ran.err
        assert migrated("api-keys", "list").out.startswith("No keys yet")

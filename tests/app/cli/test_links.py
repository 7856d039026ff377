"""One-time links: new at every call, one per role, never a password."""

from __future__ import annotations

import json

from tests.app.cli.conftest import Moments


class TestLinks:
    def test_one_per_role(self, migrated: Moments) -> None:
        ran = migrated("links", "--json")
        found = json.loads(ran.out)
        assert [row["role"] for row in found] == ["shopper", "marketer", "clerk", "operator"]
        assert all(row["url"].startswith("http://127.0.0.1:8000/enter/") for row in found)
        assert len({row["url"] for row in found}) == 4

    def test_only_the_roles_asked_for(self, migrated: Moments) -> None:
        ran = migrated("links", "--role", "clerk")
        assert ran.out.count("/enter/") == 1
        assert "30 minutes" in migrated("links", "--role", "clerk", "--ttl-s", "1800").out

    def test_another_call_makes_other_links(self, migrated: Moments) -> None:
        assert migrated("links", "--json").out != migrated("links", "--json").out

    def test_an_unknown_role_is_named(self, migrated: Moments) -> None:
        ran = migrated("links", "--role", "king")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "moments: --role: 'king' is none of shopper, marketer, clerk, operator\n"

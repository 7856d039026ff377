"""`moments privacy map`: what is held, by the tags and the reads alone; no database is opened."""

from __future__ import annotations

import json

from tests.app.cli.conftest import Moments


class TestMap:
    def test_says_of_one_table_what_it_holds_and_for_what(self, moments: Moments) -> None:
        [held] = json.loads(moments("privacy", "map", "notifications_push_token", "--json").out)
        assert held["categories"]["user.device"] == ["kind"]
        assert held["uses"] == ["marketing.communications", "marketing.advertising.frequency_capping", "essential.legal_obligation"]
        assert "notifications.tokens" in held["modules"]

    def test_lists_every_table_about_people_and_no_other(self, moments: Moments) -> None:
        out = moments("privacy", "map").out
        assert "security_person" in out
        assert "storefront_product " not in out

    def test_an_unknown_table_says_where_to_look(self, moments: Moments) -> None:
        ran = moments("privacy", "map", "nothing")
        assert (ran.code, ran.err.startswith("moments: TABLE: no table nothing")) == (1, True)

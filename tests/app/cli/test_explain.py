"""`moments explain`: from any id to the recorded decision, in the words of each reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments

MOMENT = {
    "id": "mom_1", "kind": "store_visit", "shopper_id": "shp_1", "device_id": "dev_1", "visit_id": "vis_1", "dwell_s": 0,
    "nth_visit": 1, "confidence": 0.9, "trust": "claimed", "trust_reasons": (),
}  # fmt: skip


@pytest.fixture
def decided(migrated: Moments, data_dir: Path) -> str:
    """A moment of a shopper who has agreed to nothing, weighed in the demo's shop."""
    from app.bootstrap import build
    from app.demo.jane import SHOP
    from app.demo.seed import seed
    from app.settings import load_settings
    from geofences.contracts import MomentKind, MomentView, TrustLevel
    from offers import facade as offers

    house = build(load_settings(data_dir=data_dir, loops=False))
    now = house.clock.now()
    with house.database.transaction() as session:
        seed(session, now)
        facts = MOMENT | {"kind": MomentKind.STORE_VISIT, "trust": TrustLevel.CLAIMED, "place_id": SHOP, "occurred_at": now}
        offers.decide(session, MomentView(**facts), at=now)  # type: ignore[arg-type]
    house.stop()
    return "mom_1"


class TestExplain:
    def test_why_not(self, migrated: Moments, decided: str) -> None:
        ran = migrated("explain", decided)
        assert ran.code == 0
        assert "withheld by campaign" in ran.out
        assert "no_consent_personalisation" in ran.out
        assert "  - " in ran.out

    def test_json_is_the_same_decision(self, migrated: Moments, decided: str) -> None:
        document = json.loads(migrated("explain", decided, "--json").out)
        assert document["message"] is None
        assert document["decision"]["decision"]["outcome"] == "withheld"
        by_decision = json.loads(migrated("explain", document["decision"]["decision"]["id"], "--json").out)
        assert by_decision == document

    def test_other_words_for_the_shopper(self, migrated: Moments, decided: str) -> None:
        marketer, shopper = migrated("explain", decided), migrated("explain", decided, "--for", "shopper")
        assert marketer.out.splitlines()[0] != shopper.out.splitlines()[0]
        assert "no_consent_personalisation" in shopper.out

    def test_why_a_shopper_did_not_get_a_campaign(self, migrated: Moments, decided: str) -> None:
        made = json.loads(migrated("explain", decided, "--json").out)["decision"]["decision"]
        assert made["shopper_id"] == "shp_1"
        asked = migrated("explain", "shp_1", "--campaign", made["campaign_id"], "--for", "operator", "--json")
        assert json.loads(asked.out)["decision"]["decision"]["id"] == made["id"]
        never = migrated("explain", "shp_2", "--campaign", made["campaign_id"])
        assert (never.code, never.out) == (1, "")
        assert "was never weighed for shopper shp_2" in never.err

    def test_what_became_of_an_email_that_came_back(self, migrated: Moments, decided: str, data_dir: Path) -> None:
        """Planted bug: what a mail system said left out of the line."""
        from app.bootstrap import build
        from app.settings import load_settings
        from notifications.models import Delivery, Message

        house = build(load_settings(data_dir=data_dir, loops=False))
        now = house.clock.now()
        hers = {"shopper_id": "shp_1", "state": "live", "reasons": [], "created_at": now, "expires_at": now}
        with house.database.transaction() as session:
            session.add(Message(id="msg_1", kind="offer", moment_id=decided, sealed=b"", collapse_key="vis_1", **hers))
            failed = {"state": "failed", "reasons": ["mailbox_full"], "mail_status": "5.2.2"}
            session.add(Delivery(id="dlv_1", message_id="msg_1", channel="email", device_id="", next_attempt_at=now, **{**hers, **failed}))
        house.stop()
        ran = migrated("explain", decided)
        assert "Her mailbox was full; her address stays." in ran.out
        assert ran.out.splitlines()[-1] == "  email     failed: mailbox_full (5.2.2)"

    def test_what_became_of_a_letter_about_an_account(self, migrated: Moments, data_dir: Path) -> None:
        """Planted bug: a letter's id taken for a message's."""
        from app.bootstrap import build
        from app.security.contacts import letters, returning, texts
        from app.security.contacts.values import ContactKind
        from app.settings import load_settings

        house = build(load_settings(data_dir=data_dir, loops=False, demo=True))
        now = house.clock.now()
        with house.database.transaction() as session:
            letter_id = letters.queue(session, "shp_1", ContactKind.EMAIL, "jane@example.org", "code", texts.Text("Hello", "123456"), at=now)
        assert house.contact_gateway is not None
        assert letters.send_due(house.database, house.contact_gateway, house.settings.contacts) == 1
        with house.database.transaction() as session:
            assert returning.returned(session, letter_id, "5.1.1", now, meant=True)
        house.stop()
        ran = migrated("explain", letter_id)
        assert ran.out.startswith("A code: could not be brought: nobody has this mailbox.")
        assert f"The mail server said 5.1.1. ({letter_id}, email)" in ran.out
        found = json.loads(migrated("explain", letter_id, "--json").out)["letter"]
        assert (found["state"], found["status"]) == ("nobody", "5.1.1")
        assert "jane" not in ran.out

    def test_nothing_decided(self, migrated: Moments) -> None:
        ran = migrated("explain", "mom_none")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("moments: ID: nothing was decided about mom_none")


class TestCampaigns:
    def test_list_and_books(self, migrated: Moments, decided: str) -> None:
        assert migrated("campaigns", "list").out.count("cam_") == 9
        found = json.loads(migrated("campaigns", "list", "--json").out)
        assert {c["state"] for c in found} == {"live"}
        assert migrated("campaigns", "books", found[0]["id"]).out.startswith("0 issued = 0 live")
        assert migrated("campaigns", "books", "cam_none").code == 1

"""What is held about a shopper is shown to her, and gone when she asks; push addresses are never shown."""

from __future__ import annotations

import json
from datetime import timedelta

from pydantic_core import to_jsonable_python

from app.migrations import metadata
from app.privacy import retention
from app.privacy.subjects import rows_about, tables_with_people
from notifications import answers, privacy
from notifications.conversations import privacy as conversations
from notifications.conversations.settings import ConversationSettings
from notifications.passes import privacy as passes
from notifications.settings import NotificationSettings
from notifications.support import privacy as support
from notifications.surveys import privacy as surveys
from notifications.webhooks import privacy as webhooks
from notifications.webhooks.settings import WebhookSettings
from tests.notifications.conftest import Room


def held(room: Room, shopper_id: str) -> set[str]:
    with room.database.reading() as session:
        return {table for table, _ in rows_about(session, metadata(), shopper_id) if table.startswith("notifications_")}


class TestHolders:
    def test_every_table_about_people_is_held_and_has_a_rule(self) -> None:
        mine = {t for t in tables_with_people(metadata()) if t.startswith("notifications_")}
        rules = (
            *privacy.rules(NotificationSettings()), *webhooks.rules(WebhookSettings()), *conversations.rules(ConversationSettings()), *passes.rules(NotificationSettings()),
            *support.RULES, *surveys.RULES,
        )  # fmt: skip
        holders = (*privacy.HOLDERS, *webhooks.HOLDERS, *conversations.HOLDERS, *passes.HOLDERS, *support.HOLDERS, *surveys.HOLDERS)
        assert mine == {t for h in holders for t in h.tables} == {r.table for r in rules}

    def test_export_then_erase(self, room: Room) -> None:
        """Planted bug: forgetting MessageEvent in the erasure left a row behind."""
        jane, joe = room.phone(), room.phone()
        message_id = room.issue(jane.shopper_id, name="jane")
        room.issue(joe.shopper_id, name="joe")
        at = room.database.clock.now()
        with room.database.transaction() as session:
            answers.answer(session, jane.shopper_id, message_id, answers.Answer.CLICKED, at)
        assert len(held(room, jane.shopper_id)) == 5
        with room.database.transaction() as session:
            exported = {h.name: h.export(session, jane.shopper_id) for h in privacy.HOLDERS}
        text = json.dumps(to_jsonable_python(exported))
        assert message_id in text
        assert str(jane.address) not in text
        assert joe.shopper_id not in text
        assert [a["kind"] for a in exported["notifications.messages"]["answers"]] == ["seen", "clicked"]
        with room.database.transaction() as session:
            assert sum(h.erase(session, jane.shopper_id) for h in privacy.HOLDERS) == 7
            assert sum(h.erase(session, jane.shopper_id) for h in privacy.HOLDERS) == 0
        assert held(room, jane.shopper_id) == set()
        assert len(held(room, joe.shopper_id)) == 4

    def test_positions_are_not_given_again_after_an_erasure(self, room: Room) -> None:
        """Planted bug: without AUTOINCREMENT SQLite gave Joe the position Jane's stream had already passed."""
        jane, joe = room.phone(), room.phone()
        room.issue(jane.shopper_id, name="jane")
        with room.database.transaction() as session:
            for holder in privacy.HOLDERS:
                holder.erase(session, jane.shopper_id)
        room.issue(joe.shopper_id, name="joe")
        with room.database.reading() as session:
            from notifications import facade

            assert facade.inbox(session, joe.shopper_id)[0].position == 2


class TestRules:
    def test_swept_when_old(self, room: Room) -> None:
        jane = room.phone()
        room.issue(jane.shopper_id)
        retention.register_rules(*privacy.rules(NotificationSettings()))
        at = room.database.clock.now()
        with room.database.transaction() as session:
            assert not any(t.startswith("notifications_") for t in retention.sweep(session, at + timedelta(days=179)))
            swept = retention.sweep(session, at + timedelta(days=271))
        assert {t for t in swept if t.startswith("notifications_")} == {
            "notifications_message", "notifications_delivery", "notifications_push_token", "notifications_recipient",
        }  # fmt: skip

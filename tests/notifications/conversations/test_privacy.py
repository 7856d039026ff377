from __future__ import annotations

from app.kernel.outbox import Subscriptions
from app.kernel.relay import Relay
from app.privacy.consents import withdraw
from app.privacy.purposes import Purpose
from notifications.conversations import needs
from notifications.conversations.answering import Needs
from notifications.conversations.models import Need, Said, Thread
from notifications.conversations.privacy import HOLDERS
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.wiring import Conversations
from tests.notifications.conversations.conftest import Talking

[HOLDER] = HOLDERS
PARTY = "I am giving a garden party for twelve, without nuts"


class TestHolder:
    def test_exports_what_was_said_and_erases_all_of_it(self, talk: Talking) -> None:
        jane, john = talk.shopper(Purpose.PERSONALISATION), talk.shopper()
        talk.say(jane, PARTY, "yes", "yes")
        talk.say(john, "hello")
        with talk.database.transaction() as session:
            told = HOLDER.export(session, jane)
            assert [m["text"] for m in told["conversations"][0]["messages"]][::2][:1] == [PARTY]
            assert told["needs"] == {"people": 12, "free_from": ["nuts", "peanuts"]}
            assert HOLDER.erase(session, jane) == 10
            assert HOLDER.erase(session, jane) == 0
            assert {row.shopper_id for model in (Thread, Said, Need) for row in session.query(model)} == {john}


class TestWithdrawal:
    def test_what_was_remembered_goes_with_the_consent(self, talk: Talking) -> None:
        """Seen to fail without the subscription."""
        jane = talk.shopper(Purpose.PERSONALISATION)
        talk.say(jane, PARTY, "yes", "yes")
        subscriptions = Subscriptions()
        Conversations(ConversationSettings(), talk.shop).subscribe(subscriptions)
        subscriptions.attach(talk.database)
        with talk.database.transaction() as session:
            withdraw(session, jane, Purpose.PERSONALISATION, source="test", at=talk.now)
        with talk.database.reading() as session:
            assert needs.remembered(session, jane, talk.now) == Needs()
            assert needs.kept(session, jane).people == 12
        Relay(talk.database, subscriptions).run_until_idle()
        with talk.database.reading() as session:
            assert needs.kept(session, jane) == Needs()

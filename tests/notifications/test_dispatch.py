"""Claim, send with no transaction open, record: each push at most once shown, none lost, none sent against her will."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.security.contacts import facade as contacts
from app.security.deep_links import Opened, open_link
from app.security.people import join, register_device, revoke_device
from notifications import answers, dispatch, facade
from notifications.models import Delivery, PushToken
from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.settings import NotificationSettings
from tests.notifications.conftest import Room
from tests.notifications.wires import CASES


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


class Dispatcher:
    """One process's worth of dispatching, by hand."""

    def __init__(self, room: Room, executor: ThreadPoolExecutor) -> None:
        self._room, self._executor = room, executor

    def __call__(self) -> int:
        return dispatch.run_once(self._room.database, self._room.gateway, self._room.settings, self._executor)


@pytest.fixture
def send(room: Room, executor: ThreadPoolExecutor) -> Dispatcher:
    return Dispatcher(room, executor)


def delivery(room: Room, message_id: str) -> Delivery:
    with room.database.reading() as session:
        found = session.scalars(
            select(Delivery).where(Delivery.message_id == message_id, Delivery.channel == "fcm")
        ).one()
        session.expunge(found)
    return found


def tokens(room: Room) -> int:
    with room.database.reading() as session:
        return len(session.scalars(select(PushToken)).all())


class TestRunOnce:
    def test_sent_and_recorded(self, room: Room, send: Dispatcher) -> None:
        jane = room.phone(kind="fid")
        message_id = room.issue(jane.shopper_id)
        assert (send(), send()) == (1, 0)
        (request,) = room.gateway.attempts
        assert (request.message_id, request.address, request.kind, request.collapse_key) == (
            message_id,
            jane.address,
            "fid",
            "vis_1",
        )
        assert (request.ttl_s, dict(request.data)["link"], request.data["body"]) == (3600, request.link, request.body)
        assert open_link(request.link.removeprefix("/l/"), [jane.shopper_id], room.database.clock.now()) == "/m/coupons/cpn_1"
        assert open_link(request.link.removeprefix("/l/"), ["shp_another"], room.database.clock.now()) is Opened.NOT_HERS
        with room.database.reading() as session:
            assert request.body.endswith("\n" + contacts.word_of(session, jane.shopper_id))
        assert room.states(message_id)["fcm"] == ("sent", ())
        assert delivery(room, message_id).provider_message_id == "memory/1"
        assert [e["channel"] for e in room.said("push.sent")] == ["inbox", "fcm"]

    def test_ttl_is_what_is_left_of_the_offer(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        room.issue(room.phone().shopper_id)
        clock.advance(3500)
        send()
        assert room.gateway.attempts[0].ttl_s == 100

    def test_no_transaction_is_open_while_the_provider_is_asked(self, room: Room, send: Dispatcher) -> None:
        """Planted bug: sending inside the claiming transaction made this time out on SQLite."""
        seen: list[str] = []

        def slow(request: PushRequest) -> PushReceipt:
            with room.database.transaction() as session:  # another writer is let in meanwhile
                seen.append(session.scalars(select(Delivery.state).where(Delivery.channel == "fcm")).one())
            return PushReceipt(Outcome.ACCEPTED, "x")

        room.gateway.send = slow
        room.issue(room.phone().shopper_id)
        send()
        assert seen == ["claimed"]

    def test_one_bad_recipient_does_not_stop_the_others(self, room: Room, send: Dispatcher) -> None:
        phones = [room.phone() for _ in range(6)]
        ids = [room.issue(p.shopper_id, name=str(n)) for n, p in enumerate(phones)]
        honest = room.gateway.send

        def sometimes(request: PushRequest) -> PushReceipt:
            if request.address == phones[2].address:
                raise ZeroDivisionError
            return honest(request)

        room.gateway.send = sometimes
        room.gateway.program(phones[0].address, CASES["unregistered"])
        room.gateway.program(phones[1].address, CASES["garbage"])
        send()
        assert [room.states(i)["fcm"][0] for i in ids] == ["failed", "queued", "queued", "sent", "sent", "sent"]

    def test_two_dispatchers_one_message(self, room: Room) -> None:
        """Planted bug: without skip_locked and without the condition on state and attempts it was sent twice; either alone holds."""
        for n in range(5):
            room.issue(room.phone().shopper_id, name=str(n))
        barrier = threading.Barrier(4)

        def race() -> None:
            with ThreadPoolExecutor(2) as pool:
                barrier.wait()
                while dispatch.run_once(room.database, room.gateway, room.settings, pool):
                    pass

        threads = [threading.Thread(target=race) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(room.gateway.attempts) == 5
        assert len({r.message_id for r in room.gateway.attempts}) == 5
        assert len([e for e in room.said("push.sent") if e["channel"] == "fcm"]) == 5

    def test_killed_between_sending_and_recording(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        """The repeat has the same message id and collapse key, so the phone shows it once.

        Planted bug: a fresh message id per attempt made the phone show it twice.
        """
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            _, (claimed,) = dispatch.claim(session, "fcm", at=clock.now(), limit=10, lease_s=60)
        room.gateway.send(claimed.request)  # ... and the process is gone
        assert send() == 0  # the lease still runs
        clock.advance(60)
        assert send() == 1
        first, second = room.gateway.attempts
        assert (first.message_id, first.collapse_key, first.address) == (
            second.message_id,
            second.collapse_key,
            second.address,
        )
        assert room.gateway.shown(jane.address) == [message_id]
        assert room.states(message_id)["fcm"] == ("sent", ())
        assert delivery(room, message_id).attempts == 2

    def test_who_lost_the_lease_records_nothing(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        message_id = room.issue(room.phone().shopper_id)
        with room.database.transaction() as session:
            _, (late,) = dispatch.claim(session, "fcm", at=clock.now(), limit=10, lease_s=60)
        clock.advance(60)
        send()
        with room.database.transaction() as session:
            refused = PushReceipt(Outcome.REFUSED, reason="provider_refused")
            assert (
                dispatch.record(session, late, refused, channel="fcm", rules=room.settings.retries(), at=clock.now())
                is False
            )
        assert room.states(message_id)["fcm"] == ("sent", ())
        assert room.said("push.suppressed") == []

    def test_nor_does_a_yes_that_comes_after_the_lease(self, room: Room, clock: ManualClock) -> None:
        """It is being repeated by then, with the same ids. Planted bug: the row moved whoever holds its claim."""
        message_id, rules = room.issue(room.phone().shopper_id), room.settings.retries()
        with room.database.transaction() as session:
            _, (late,) = dispatch.claim(session, "fcm", at=clock.now(), limit=10, lease_s=60)
        clock.advance(60)
        with room.database.transaction() as session:
            _, (now,) = dispatch.claim(session, "fcm", at=clock.now(), limit=10, lease_s=60)
        for claimed, name, counts in ((late, "late", False), (now, "now", True), (now, "again", False)):
            with room.database.transaction() as session:
                accepted = PushReceipt(Outcome.ACCEPTED, provider_message_id=name)
                assert dispatch.record(session, claimed, accepted, channel="fcm", rules=rules, at=clock.now()) is counts
        assert (delivery(room, message_id).state, delivery(room, message_id).provider_message_id) == ("sent", "now")
        assert [told["channel"] for told in room.said("push.sent")].count("fcm") == 1


class TestClaimedAtOnce:
    @pytest.mark.parametrize(("channel", "timeout_s"), [("fcm", 5), ("sms", 10), ("whatsapp", 10), ("email", 10)])
    def test_all_of_it_sets_out_within_the_lease_if_each_takes_as_long_as_it_may(self, channel: str, timeout_s: int) -> None:
        """Planted bug: with as many texts claimed as pushes, the last set out when they were anybody's again."""
        settings = NotificationSettings()  # type: ignore[call-arg]
        rounds = dispatch.claimed_at_once(channel, settings) / settings.push_workers + 1  # some of the batch before are still on their way
        assert rounds * timeout_s <= settings.push_lease_s


class TestClaim:
    def test_consent_withdrawn_between_queueing_and_sending(self, room: Room, send: Dispatcher) -> None:
        """Planted bug: asking for consent only when queueing let this push out."""
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        room.consent(jane.shopper_id, given=False)
        assert send() == 1
        assert room.gateway.attempts == []
        assert room.states(message_id)["fcm"] == ("suppressed", ("no_consent_marketing_push",))
        (said,) = room.said("push.suppressed")
        assert (said["channel"], said["reason_codes"]) == ("fcm", ["no_consent_marketing_push"])

    def test_an_offer_that_has_ended(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        message_id = room.issue(room.phone().shopper_id)
        clock.advance(3600)
        send()
        assert room.gateway.attempts == []
        assert room.states(message_id)["fcm"] == ("expired", ("expired_before_sent",))

    def test_what_she_has_seen_is_not_pushed(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            answers.answer(session, jane.shopper_id, message_id, answers.Answer.SEEN, clock.now())
        send()
        assert room.gateway.attempts == []
        assert room.states(message_id)["fcm"] == ("suppressed", ("already_seen",))

    def test_token_forgotten_meanwhile(self, room: Room, send: Dispatcher) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            assert facade.forget_push_token(session, jane.device_id) is True
        send()
        assert room.gateway.attempts == []
        assert room.states(message_id)["fcm"] == ("suppressed", ("no_push_token",))

    def test_a_phone_that_is_somebody_elses_now(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        """Planted bug: going by the token's row alone showed Jane's offer on a phone Joe had signed in on."""
        jane = room.phone()
        room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            joe = register_device(session, "Joe's", "android", clock.now()).shopper_id
            join(session, jane.device_id, joe)
        send()
        assert room.gateway.attempts == []

    def test_a_phone_that_was_revoked(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        jane = room.phone()
        room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            revoke_device(session, jane.device_id, at=clock.now())
        send()
        assert room.gateway.attempts == []

    def test_an_address_sealed_with_a_lost_key(self, room: Room, send: Dispatcher) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            session.scalars(select(PushToken)).one().sealed = b"\x01\x01xnot ours"
        send()
        assert room.states(message_id)["fcm"] == ("suppressed", ("no_push_token",))


class TestRecord:
    def test_a_dead_token_is_gone_at_once_and_used_no_more(self, room: Room, send: Dispatcher) -> None:
        """Planted bug: leaving the row of the dead token in place used it a second time."""
        jane = room.phone()
        first = room.issue(jane.shopper_id)
        second = room.issue(jane.shopper_id, name="2", visit="vis_2")
        room.gateway.kill(jane.address)
        with room.database.transaction() as session:
            _, (claimed,) = dispatch.claim(session, "fcm", at=room.database.clock.now(), limit=1, lease_s=60)
        with room.database.transaction() as session:
            receipt = room.gateway.send(claimed.request)
            dispatch.record(
                session, claimed, receipt, channel="fcm", rules=room.settings.retries(), at=room.database.clock.now()
            )
        assert tokens(room) == 0
        send()
        assert len(room.gateway.attempts) == 1
        assert room.states(first)["fcm"] == ("failed", ("token_dead",))
        assert room.states(second)["fcm"] == ("failed", ("token_dead",))

    def test_retry_after_is_honoured_without_sleeping(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        room.gateway.program(jane.address, PushReceipt(Outcome.RETRY, reason="provider_quota", retry_after_s=120.0))
        send()
        assert room.states(message_id)["fcm"] == ("queued", ("provider_quota",))
        assert delivery(room, message_id).next_attempt_at >= clock.now() + timedelta(seconds=120)
        clock.advance(119)
        assert send() == 0
        clock.advance(2.5)
        assert send() == 1
        assert room.states(message_id)["fcm"] == ("sent", ())

    def test_503_but_delivered_is_shown_once(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        room.gateway.program(jane.address, CASES["unavailable_but_delivered"], delivered=True)
        send()
        clock.advance(10)
        send()
        assert len(room.gateway.arrived) == 2
        assert room.gateway.shown(jane.address) == [message_id]

    def test_gives_up_after_its_attempts(self, room: Room, send: Dispatcher, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id, life_s=86_400)
        room.gateway.program(jane.address, *[CASES["internal"]] * 20)
        for _ in range(20):
            send()
            clock.advance(400)
        assert len(room.gateway.attempts) == room.settings.push_attempts
        assert room.states(message_id)["fcm"] == ("failed", ("gave_up", "provider_unavailable"))
        assert [e["channel"] for e in room.said("push.suppressed")] == ["fcm"]

    def test_gives_up_when_the_next_try_would_be_too_late(self, room: Room, send: Dispatcher) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id, life_s=90)
        room.gateway.program(jane.address, PushReceipt(Outcome.RETRY, reason="provider_quota", retry_after_s=90.0))
        send()
        assert room.states(message_id)["fcm"] == ("expired", ("expired_before_sent", "provider_quota"))

    @pytest.mark.parametrize("case", ["sender_id_mismatch", "invalid_argument"])
    def test_a_refusal_is_final_but_the_token_stays(
        self, room: Room, send: Dispatcher, clock: ManualClock, case: str
    ) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        room.gateway.program(jane.address, CASES[case])
        send()
        clock.advance(3000)
        assert send() == 0
        assert room.states(message_id)["fcm"] == ("failed", (str(CASES[case].reason),))
        assert tokens(room) == 1


class TestNextDueAt:
    def test_retry_or_lease(self, room: Room, clock: ManualClock) -> None:
        def due() -> object:
            with room.database.reading() as session:
                return dispatch.next_due_at(session, "fcm")

        assert due() is None
        room.issue(room.phone().shopper_id)
        assert due() == clock.now()
        with room.database.transaction() as session:
            dispatch.claim(session, "fcm", at=clock.now(), limit=10, lease_s=60)
        assert due() == clock.now() + timedelta(seconds=60)

"""Every shared log keeps the promises of `ports.IntakeProducer` and `ports.IntakeConsumer`: the one in memory, and a real Apache Kafka."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from app.kernel.errors import TooLarge
from geofences.adapters.kafka_address import client_options
from geofences.adapters.kafka_gateway import KafkaConsumer, KafkaProducer
from geofences.adapters.kafka_topic import prepare
from geofences.adapters.memory_log import MemoryConsumer, MemoryLog, MemoryProducer
from geofences.errors import IntakeBusy, LogUnfit
from geofences.ports import IntakeConsumer, IntakeProducer, Record
from tests.brokers.kafka import Kafka

PARTITIONS = 6
ALL = set(range(PARTITIONS))
SOON_S = 40.0


def new_name() -> str:
    return f"t-{uuid4().hex}"


class Side(Protocol):
    """One topic with its group."""

    session_s: float
    producer: IntakeProducer

    def consumer(self, name: str | None = None) -> IntakeConsumer: ...

    def sessions_are_long(self) -> None:
        """From here on longer than any test waits."""

    def unreachable(self) -> IntakeProducer: ...

    def forget(self, partition: int, upto: int) -> None: ...


class InMemory:
    session_s = 0.4

    def __init__(self) -> None:
        self._log = MemoryLog(PARTITIONS, session_s=self.session_s)
        self.producer = MemoryProducer(self._log)
        self.forget = self._log.forget

    def consumer(self, name: str | None = None) -> IntakeConsumer:
        return MemoryConsumer(self._log, name)

    def sessions_are_long(self) -> None:
        self._log.group.session_s = 2 * SOON_S

    def unreachable(self) -> IntakeProducer:
        away = MemoryLog(PARTITIONS)
        away.away = True
        return MemoryProducer(away)


class OnKafka:
    session_s = 1.0
    stall_s = 2.0
    """How long the others wait for a member when they divide anew; the library asks to join once a second at most."""

    def __init__(self, kafka: Kafka) -> None:
        self._url, self._topic = kafka.url, new_name()
        prepare(self._url, self._topic, partitions=PARTITIONS, replication=1)
        self.producer = KafkaProducer(self._url, self._topic, within_s=20)

    def consumer(self, name: str | None = None) -> IntakeConsumer:
        return KafkaConsumer(self._url, self._topic, self._topic, name=name, session_s=self.session_s, stall_s=self.stall_s)

    def sessions_are_long(self) -> None:
        self.session_s = 2 * SOON_S

    def unreachable(self) -> IntakeProducer:
        return KafkaProducer("kafka://127.0.0.1:1", self._topic, within_s=0.5)

    def forget(self, partition: int, upto: int) -> None:
        """As a retention that has run out does it."""
        admin = AdminClient(client_options(self._url))
        for answer in admin.delete_records([TopicPartition(self._topic, partition, upto)]).values():
            answer.result(SOON_S)


@pytest.fixture(params=["memory", "kafka"])
def side(request: Any) -> Iterator[Side]:
    if request.param == "memory":
        yield InMemory()
    else:
        on_kafka = OnKafka(request.getfixturevalue("kafka"))
        yield on_kafka
        on_kafka.producer.close()


class Member:
    """A member of the group as a worker is one: it keeps the positions that count in `done`, which all share."""

    def __init__(self, side: Side, done: dict[int, int], name: str | None = None) -> None:
        self.consumer, self.done = side.consumer(name), done
        self.read: list[Record] = []
        self.holds: set[int] = set()
        self.told: list[tuple[str, set[int]]] = []
        self.keeps = True

    def join(self) -> Member:
        self.consumer.open(self.assigned, self.revoked, self.lost)
        return self

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        self.told.append(("assigned", set(partitions)))
        self.holds |= set(partitions)
        return {p: self.done.get(p, 0) for p in partitions}

    def revoked(self, partitions: Sequence[int]) -> None:
        self.told.append(("revoked", set(partitions)))
        self.holds -= set(partitions)

    def lost(self, partitions: Sequence[int]) -> None:
        self.told.append(("lost", set(partitions)))
        self.holds -= set(partitions)

    def poll(self, wait_s: float = 0.02) -> list[Record]:
        came = self.consumer.poll(1000, wait_s)
        self.read += came
        if self.keeps:
            for record in came:
                assert record.position == self.done.get(record.partition, 0) + 1, "nothing twice, nothing left out"
                self.done[record.partition] = record.position
        return came

    def was_told(self, what: str) -> set[int]:
        return {p for said, partitions in self.told if said == what for p in partitions}


class Crowd:
    """The members of a test: they take turns in one thread, and are gone when it ends."""

    def __init__(self, side: Side) -> None:
        self.side, self.done = side, dict[int, int]()
        self.members: list[Member] = []

    def join(self, name: str | None = None) -> Member:
        return self.enter(Member(self.side, self.done, name))

    def enter(self, member: Member) -> Member:
        self.members.append(member.join())
        return member

    def until(self, enough: Callable[[], bool], *only: Member) -> None:
        end = time.monotonic() + SOON_S
        while not enough():
            assert time.monotonic() < end, [(sorted(m.holds), m.told) for m in self.members]
            for member in only or self.members:
                member.poll()

    def settled(self) -> bool:
        """Everything is somebody's, as evenly as can be."""
        least = PARTITIONS // len(self.members)
        return set().union(*(m.holds for m in self.members)) == ALL and all(len(m.holds) >= least for m in self.members)

    def settle(self) -> None:
        self.until(self.settled)

    def leave(self, member: Member, *, leaving: bool = False) -> None:
        self.members.remove(member)
        member.consumer.close(leaving=leaving)


@pytest.fixture
def crowd(side: Side) -> Iterator[Crowd]:
    crowd = Crowd(side)
    with ExitStack() as stack:
        yield crowd
        for member in crowd.members:
            stack.callback(member.consumer.close)


def each(word: str) -> list[tuple[int, bytes]]:
    return [(p, f"{word} {p}".encode()) for p in range(PARTITIONS)]


class TestWhatIsAcknowledged:
    def test_is_read_once_and_in_the_order_of_its_sender(self, side: Side, crowd: Crowd) -> None:
        member = crowd.join()
        senders, rounds = 8, 5

        def send(who: int) -> None:
            for n in range(rounds):
                side.producer.send([(p, b"%d %d" % (who, n)) for p in range(PARTITIONS)])

        threads = [threading.Thread(target=send, args=(who,)) for who in range(senders)]
        for thread in threads:
            thread.start()
        crowd.until(lambda: len(member.read) >= senders * rounds * PARTITIONS)
        for thread in threads:
            thread.join()
        for partition in ALL:
            came = [r for r in member.read if r.partition == partition]
            assert [r.position for r in came] == list(range(1, senders * rounds + 1))
            for who in range(senders):
                assert [r.payload for r in came if r.payload.startswith(b"%d " % who)] == [b"%d %d" % (who, n) for n in range(rounds)]

    def test_is_there_for_whoever_comes_later_from_where_it_is_done(self, side: Side, crowd: Crowd) -> None:
        for word in ("one", "two", "three"):
            side.producer.send(each(word))
        crowd.done.update(dict.fromkeys(ALL, 3) | {0: 0, 1: 2})
        member = crowd.join()
        crowd.until(lambda: len(member.read) >= 4)
        assert sorted((r.partition, r.position, r.payload) for r in member.read) == [(0, 1, b"one 0"), (0, 2, b"two 0"), (0, 3, b"three 0"), (1, 3, b"three 1")]

    def test_is_read_again_from_what_was_done_when_its_reader_died(self, side: Side, crowd: Crowd) -> None:
        side.producer.send(each("one"))
        first = crowd.join()
        crowd.until(lambda: len(first.read) >= PARTITIONS)
        first.keeps = False
        side.producer.send(each("two"))
        crowd.until(lambda: len(first.read) >= 2 * PARTITIONS)
        crowd.leave(first)
        second = crowd.join()
        crowd.until(lambda: len(second.read) >= PARTITIONS)
        assert {(r.partition, r.position, r.payload) for r in second.read} == {(p, 2, f"two {p}".encode()) for p in ALL}

    def test_an_empty_send_is_none(self, side: Side) -> None:
        side.producer.send([])


class TestWhatIsNotTaken:
    def test_a_log_that_is_away_is_said_within_the_bound(self, side: Side) -> None:
        producer = side.unreachable()
        with pytest.raises(IntakeBusy) as refused:
            producer.send(each("one"))
        assert (refused.value.status, refused.value.extra) == (503, {"retry_after_s": 1})
        producer.close()

    def test_a_payload_that_never_fits(self, side: Side, crowd: Crowd) -> None:
        with pytest.raises(TooLarge):
            side.producer.send([(0, b"x" * 9_000_000)])
        side.producer.send([(0, b"after")])
        member = crowd.join()
        crowd.until(lambda: len(member.read) >= 1)
        assert member.read[0].payload == b"after"


class TestDividing:
    def test_from_one_to_three_to_two_only_what_must_moves(self, side: Side, crowd: Crowd) -> None:
        """Planted bug: the group divided anew with nothing kept; partitions came back to whoever had just given them away."""
        one = crowd.join()
        crowd.settle()
        two, three = crowd.join(), crowd.join()
        side.producer.send(each("while it moves"))
        crowd.settle()
        assert {len(m.holds) for m in crowd.members} == {2}
        assert one.was_told("revoked") == ALL - one.holds
        kept = {m: set(m.holds) for m in (one, two)}
        before = {m: len(m.told) for m in (one, two)}
        gone = set(three.holds)
        crowd.leave(three)
        crowd.settle()
        side.producer.send(each("after"))
        crowd.until(lambda: sum(crowd.done.values()) == 2 * PARTITIONS)
        for member, had in kept.items():
            assert had < member.holds
            since = member.told[before[member] :]
            assert {what for what, _ in since} == {"assigned"}
            assert set().union(*(partitions for _, partitions in since)) <= gone
        assert not any(m.was_told("lost") for m in (one, two, three))

    def test_a_member_is_asked_to_give_back_while_it_still_holds(self, crowd: Crowd) -> None:
        """What it writes down then is what the next one starts from. Planted bug: handed on before it was given back."""
        crowd.side.producer.send(each("one"))
        one = Member(crowd.side, crowd.done)
        say = one.revoked

        def flush(partitions: Sequence[int]) -> None:
            crowd.done.update(dict.fromkeys(partitions, 1))
            say(partitions)

        one.keeps, one.revoked = False, flush  # type: ignore[method-assign]
        crowd.enter(one)
        crowd.until(lambda: len(one.read) >= PARTITIONS)
        two = crowd.join()
        for _ in range(5):
            two.poll()
            assert not two.holds
        crowd.settle()
        crowd.side.producer.send(each("two"))
        crowd.until(lambda: len(two.read) >= len(two.holds))
        assert {(r.partition, r.position) for r in two.read} == {(p, 2) for p in two.holds}


class TestNames:
    def test_a_named_member_that_comes_back_finds_its_partitions_and_nobody_else_notices(self, crowd: Crowd) -> None:
        """Planted bug: the name left out, so that it joined as somebody new."""
        crowd.side.producer.send(each("one"))
        one, two = crowd.join("one"), crowd.join("two")
        crowd.settle()
        had, told = set(one.holds), len(two.told)
        crowd.leave(one)
        assert one.told[-1] == ("revoked", had)
        again = crowd.join("one")
        crowd.until(lambda: again.holds == had and sum(crowd.done.values()) == PARTITIONS)
        crowd.side.producer.send(each("two"))
        crowd.until(lambda: sum(crowd.done.values()) == 2 * PARTITIONS)
        assert two.told[told:] == []

    def test_a_named_member_that_leaves_for_good_is_not_waited_for(self, crowd: Crowd) -> None:
        """Its session is longer than the test waits. Planted bug: it said nothing when it left."""
        crowd.side.sessions_are_long()
        one, two = crowd.join("one"), crowd.join("two")
        crowd.settle()
        crowd.leave(one, leaving=True)
        crowd.settle()
        assert (two.holds, two.was_told("lost")) == (ALL, set())

    def test_two_of_one_name_are_one_too_many(self, crowd: Crowd) -> None:
        one = crowd.join("one")
        crowd.settle()
        two = crowd.join("one")

        def refused() -> bool:
            try:
                one.poll()
            except LogUnfit:
                return True
            return False

        crowd.members.remove(one)
        end = time.monotonic() + SOON_S
        while not refused():
            assert time.monotonic() < end
            two.poll()
        assert one.told[-1] == ("lost", ALL)
        crowd.settle()
        one.consumer.close()


class TestStalling:
    def test_who_does_not_poll_has_lost_everything_and_hears_of_it(self, side: Side, crowd: Crowd) -> None:
        """Planted bug: partitions taken away from it called `revoked`, as if a last flush still counted."""
        one, two = crowd.join(), crowd.join()
        crowd.settle()
        had = set(one.holds)
        one.told.clear()
        crowd.until(lambda: two.holds == ALL, two)
        assert one.told == []
        side.producer.send(each("one"))
        crowd.until(lambda: sum(crowd.done.values()) == PARTITIONS, two)
        crowd.until(lambda: bool(one.was_told("lost")), one)
        assert (one.was_told("lost"), one.was_told("revoked"), one.read) == (had, set(), [])
        crowd.settle()
        assert one.holds


class TestPausing:
    def test_what_is_paused_waits_and_keeps_its_place(self, side: Side, crowd: Crowd) -> None:
        """Planted bug: resumed from what has been sent meanwhile."""
        member = crowd.join()
        crowd.settle()
        side.producer.send(each("one"))
        crowd.until(lambda: len(member.read) >= PARTITIONS)
        member.consumer.pause([0, 1, 77])
        side.producer.send(each("two"))
        crowd.until(lambda: len(member.read) >= 2 * PARTITIONS - 2)
        end = time.monotonic() + side.session_s * 1.2
        while time.monotonic() < end:
            assert member.poll() == []
        assert member.holds == ALL
        member.consumer.resume([0, 1, 77])
        crowd.until(lambda: len(member.read) >= 2 * PARTITIONS)
        assert {(r.partition, r.payload) for r in member.read[-2:]} == {(0, b"two 0"), (1, b"two 1")}

    def test_what_went_to_another_comes_back_unpaused(self, side: Side, crowd: Crowd) -> None:
        """Kafka's client remembers a pause for ever. Seen to fail without the resuming of what is assigned: nothing more is read."""
        one = crowd.join()
        crowd.settle()
        one.consumer.pause(ALL)
        two = crowd.join()
        crowd.settle()
        moved = set(two.holds)
        crowd.leave(two, leaving=True)
        crowd.settle()
        side.producer.send(each("one"))
        crowd.until(lambda: len(one.read) >= len(moved))
        assert {record.partition for record in one.read} == moved

    def test_lag_is_what_has_not_been_given(self, side: Side, crowd: Crowd) -> None:
        member = crowd.join()
        crowd.settle()
        member.consumer.pause([0])
        side.producer.send(each("one"))
        side.producer.send(each("two"))
        crowd.until(lambda: len(member.read) >= 2 * PARTITIONS - 2)
        assert member.consumer.lag([0, 1, 77]) == {0: 2, 1: 0}


class TestWhatCallersRaise:
    def test_assigned_is_asked_again_and_nothing_is_read_meanwhile(self, side: Side, crowd: Crowd) -> None:
        """Planted bug: partitions of a failed claim read from the beginning."""
        for word in ("one", "two"):
            side.producer.send(each(word))
        crowd.done.update(dict.fromkeys(ALL, 1))
        member = Member(side, crowd.done)
        working, fails = member.assigned, [IntakeBusy(), IntakeBusy()]

        def assigned(partitions: Sequence[int]) -> Mapping[int, int]:
            if fails:
                raise fails.pop()
            return working(partitions)

        member.assigned = assigned  # type: ignore[method-assign]
        crowd.enter(member)
        failed, end = 0, time.monotonic() + SOON_S
        while len(member.read) < PARTITIONS:
            assert time.monotonic() < end
            try:
                member.poll()
            except IntakeBusy:
                failed += 1
                assert member.read == []
        assert failed == 2
        assert {(r.partition, r.payload) for r in member.read} == {(p, f"two {p}".encode()) for p in ALL}

    def test_what_revoked_raises_comes_out_and_the_partitions_are_gone(self, crowd: Crowd) -> None:
        one = Member(crowd.side, crowd.done)
        say, fails = one.revoked, [IntakeBusy()]

        def revoked(partitions: Sequence[int]) -> None:
            say(partitions)
            if fails:
                raise fails.pop()

        one.revoked = revoked  # type: ignore[method-assign]
        crowd.enter(one)
        crowd.settle()
        two = crowd.join()
        came_out = 0
        end = time.monotonic() + SOON_S
        while not crowd.settled():
            assert time.monotonic() < end
            two.poll()
            try:
                one.poll()
            except IntakeBusy:
                came_out += 1
        assert came_out == 1
        assert len(two.holds) == 3


class TestPositions:
    def test_what_the_log_has_forgotten_is_passed_over(self, side: Side, crowd: Crowd) -> None:
        for word in ("one", "two", "three"):
            side.producer.send(each(word))
        side.forget(0, 2)
        member = crowd.join()
        member.keeps = False
        crowd.until(lambda: len(member.read) >= 3 * PARTITIONS - 2)
        assert [(r.position, r.payload) for r in member.read if r.partition == 0] == [(3, b"three 0")]

    def test_a_log_that_ends_before_what_is_done_is_another_one(self, side: Side, crowd: Crowd) -> None:
        """Planted bug: read from its beginning; positions went back."""
        side.producer.send(each("one"))
        crowd.done.update({0: 5})
        crowd.join()
        with pytest.raises(LogUnfit, match="partition 0 of the log ends before"):
            crowd.until(lambda: False)

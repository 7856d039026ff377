"""Apache Kafka through confluent-kafka: the one file that speaks its language, but for the making of the topic (kafka_topic.py).

Owns what counts as kept (every replica in sync has it), and the translation of a group's comings and goings. Must not
know what payloads mean. Offsets count from 0 there and positions from 1 here: the record at offset n has position n + 1, and who is done
up to position n reads on at offset n. Nothing is committed to Kafka: the positions that count are the caller's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from app.kernel.errors import TooLarge
from app.kernel.logs import get_logger
from geofences.adapters.kafka_address import client_options
from geofences.errors import IntakeBusy, LogUnfit
from geofences.ports import Record

log = get_logger(__name__)

MOST_BYTES = 8_000_000
"""Of one payload: ten thousand fixes of one partition, sealed, with room to spare."""
_ON_ITS_WAY_KB = 131_072
"""The most that waits for acknowledgement; more is refused at once rather than kept in memory while a broker is away."""
ANSWER_S = 10.0
_LATEST = -1
_NO_DEFAULT_TOPIC = {"allow.auto.create.topics": False}
"""A topic that comes into being by itself has one partition."""


def everyones_options(url: str, **options: Any) -> dict[str, Any]:
    """What all clients have in common; its own words go where ours go."""
    return client_options(url) | {
        "client.id": "mobile-moments",
        "log_level": 4,
        "logger": logging.getLogger(__name__),
        "error_cb": _say,
        "reconnect.backoff.max.ms": 2000,
        **options,
    }


def _say(error: KafkaError) -> None:
    log.warning("kafka_trouble", why=error.name())


class KafkaProducer:
    """Idempotent: what the library sends again by itself stands there once. What `send` did not get through may stand there twice."""

    def __init__(self, url: str, topic: str, *, within_s: float = 5, linger_s: float = 0.004) -> None:
        self._topic, self._within_s = topic, within_s
        self._options = everyones_options(url) | _NO_DEFAULT_TOPIC | {
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": linger_s * 1000,
            "delivery.timeout.ms": int(within_s * 1000),
            "message.max.bytes": MOST_BYTES + 1000,
            "queue.buffering.max.kbytes": _ON_ITS_WAY_KB,
            "compression.type": "none",  # what is sealed does not get smaller
        }
        self._producer = Producer(self._options)
        self._changing = threading.Lock()
        self._ended = threading.Event()
        self._hearing = threading.Thread(target=self._hear, name="kafka-answers", daemon=True)
        self._hearing.start()

    def send(self, parts: Sequence[tuple[int, bytes]]) -> None:
        if not parts:
            return
        if any(len(payload) > MOST_BYTES for _, payload in parts):
            raise TooLarge
        producer, answers = self._producer, _Answers(len(parts))
        try:
            for partition, payload in parts:
                producer.produce(self._topic, payload, partition=partition, on_delivery=answers.take)
        except BufferError:
            raise IntakeBusy from None
        except KafkaException as refused:
            raise self._refusal(producer, refused.args[0]) from None
        # the library answers for each within its own bound; the second is for a machine that is busy
        if not answers.all_came.wait(self._within_s + 1):
            raise IntakeBusy
        if answers.error is not None:
            raise self._refusal(producer, answers.error)

    def close(self) -> None:
        self._producer.flush(self._within_s)
        self._ended.set()
        self._hearing.join()

    def _hear(self) -> None:
        """Acknowledgements are handed over by whoever asks for them: one thread for all that wait."""
        while not self._ended.is_set():
            self._producer.poll(0.2)

    def _refusal(self, producer: Producer, error: KafkaError) -> IntakeBusy | TooLarge:
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            return TooLarge()
        log.warning("kafka_did_not_take", why=error.name())
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - that is its name
            # order can no longer be kept by this one, and never will be
            with self._changing:
                if self._producer is producer:
                    self._producer = Producer(self._options)
        return IntakeBusy()


class _Answers:
    """Counts what has been said of one send."""

    def __init__(self, awaited: int) -> None:
        self._awaited = awaited
        self.error: KafkaError | None = None
        self.all_came = threading.Event()

    def take(self, error: KafkaError | None, _message: Message) -> None:
        self.error = self.error or error
        self._awaited -= 1
        if not self._awaited:
            self.all_came.set()


class KafkaConsumer:
    """A member of the group; with a `name` its seat is kept for `session_s` when it closes or dies.

    A process not heard of for `session_s` is taken to be dead, and one that lives but has not polled for `stall_s` to hang.
    """

    def __init__(
        self, url: str, topic: str, group: str, *, name: str | None = None, session_s: float = 10, stall_s: float = 60
    ) -> None:
        self._topic, self._name = topic, name
        self._options = everyones_options(url) | _NO_DEFAULT_TOPIC | {
            "group.id": group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",  # nothing is passed over, or read again, without a word
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": int(session_s * 1000),
            "heartbeat.interval.ms": int(min(500, session_s * 200)),  # by its answers a member hears that others came or went
            "max.poll.interval.ms": int(max(stall_s, session_s) * 1000),
            "fetch.wait.max.ms": 100,  # what has just been resumed or assigned waits no longer for a request under way
            "queued.max.messages.kbytes": 32_768,
            **({"group.instance.id": name} if name else {}),
        }
        self._consumer: Consumer | None = None
        self._next: dict[int, int] = {}
        """What it reads: the last position given of each partition."""
        self._unplaced: set[int] = set()
        """Its partitions of which nobody has said yet where to begin; they are paused."""
        self._kept: list[Message] = []
        self._raised: Exception | None = None
        self._assigned: Callable[[Sequence[int]], Mapping[int, int]] = lambda _: {}
        self._revoked: Callable[[Sequence[int]], None] = lambda _: None
        self._lost: Callable[[Sequence[int]], None] = lambda _: None

    def open(
        self,
        assigned: Callable[[Sequence[int]], Mapping[int, int]],
        revoked: Callable[[Sequence[int]], None],
        lost: Callable[[Sequence[int]], None],
    ) -> None:
        self._assigned, self._revoked, self._lost = assigned, revoked, lost
        self._consumer = Consumer(self._options)
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def poll(self, most: int, wait_s: float) -> list[Record]:
        consumer = self._open()
        if self._unplaced:
            self._place(consumer)
        came, self._kept = self._kept, []
        try:
            # asked for many it would wait until it has many
            came += consumer.consume(1, 0 if came else wait_s)
            if came and most > len(came):
                came += consumer.consume(most - len(came), 0)
        except KafkaException as refused:
            self._complain(consumer, refused.args[0], None)
        if self._raised is not None:
            self._kept, raised, self._raised = came, self._raised, None
            raise raised
        return [record for message in came if (record := self._record(consumer, message)) is not None]

    def pause(self, partitions: Collection[int]) -> None:
        self._open().pause(self._at(self._next.keys() & set(partitions)))

    def resume(self, partitions: Collection[int]) -> None:
        self._open().resume(self._at(self._next.keys() & set(partitions)))

    def rewind(self, positions: Mapping[int, int]) -> None:
        consumer = self._open()
        ours = {p: position for p, position in positions.items() if p in self._next}
        self._kept = [message for message in self._kept if message.partition() not in ours]
        for partition, position in ours.items():
            self._next[partition] = position
            self._begin_at(consumer, partition)
        consumer.resume(self._at(ours))

    def lag(self, partitions: Collection[int]) -> Mapping[int, int]:
        asked = [TopicPartition(self._topic, p, _LATEST) for p in partitions if p in self._next]
        if not asked:
            return {}
        try:
            ends = self._open().offsets_for_times(asked, timeout=ANSWER_S)
        except KafkaException:
            raise IntakeBusy from None
        if any(end.error for end in ends):
            raise IntakeBusy
        return {end.partition: end.offset - self._next[end.partition] for end in ends}

    def close(self, *, leaving: bool = False) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        if leaving and self._name:
            # a named member that is only closed says nothing; what it gives back it gives back in these polls
            consumer.unsubscribe()
            while consumer.assignment():
                consumer.poll(0.05)
        consumer.close()
        self._forget(self._next.keys() | self._unplaced)
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised

    # -- what the library calls, in `poll` and `close` -----------------------------------------------------------------

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        numbers = sorted(p.partition for p in partitions)
        if not numbers:
            return
        try:
            self._next |= {p: position for p, position in self._assigned(numbers).items() if p in numbers}
            consumer.incremental_assign(self._at(numbers))
            consumer.resume(self._at(numbers))  # what was paused when it went to another would come back paused
        except Exception as error:  # noqa: BLE001 - it comes out of `poll`
            self._unplaced |= set(numbers)
            self._keep(error)
            consumer.incremental_assign([TopicPartition(self._topic, p, 0) for p in numbers])
            consumer.pause([TopicPartition(self._topic, p) for p in numbers])

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._give_up(consumer, partitions, self._revoked)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.warning("kafka_partitions_lost", partitions=len(partitions))
        self._give_up(consumer, partitions, self._lost)

    def _give_up(
        self, consumer: Consumer, partitions: list[TopicPartition], say: Callable[[Sequence[int]], None]
    ) -> None:
        numbers = {p.partition for p in partitions}
        self._tell(numbers, say)
        self._forget(numbers)
        consumer.incremental_unassign(partitions)

    def _tell(self, partitions: set[int], say: Callable[[Sequence[int]], None]) -> None:
        placed = sorted(self._next.keys() & partitions)
        try:
            if placed:
                say(placed)
        except Exception as error:  # noqa: BLE001 - it comes out of `poll`
            self._keep(error)

    def _keep(self, error: Exception) -> None:
        if self._raised is not None:
            log.warning("kafka_second_error", why=type(error).__name__)
        self._raised = self._raised or error

    def _forget(self, partitions: Collection[int]) -> None:
        for partition in list(partitions):
            self._next.pop(partition, None)
            self._unplaced.discard(partition)
        self._kept = [message for message in self._kept if message.partition() in self._next]

    # -- reading -------------------------------------------------------------------------------------------------------

    def _open(self) -> Consumer:
        if self._consumer is None:
            raise LogUnfit("this member has not joined, or has left")
        return self._consumer

    def _at(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, p, self._next[p]) for p in partitions]

    def _place(self, consumer: Consumer) -> None:
        """Ask again for those whose claim has failed."""
        positions = self._assigned(sorted(self._unplaced))
        for partition in sorted(self._unplaced):
            self._next[partition] = positions[partition]
            self._unplaced.discard(partition)
            self._begin_at(consumer, partition)
            consumer.resume([TopicPartition(self._topic, partition)])

    def _begin_at(self, consumer: Consumer, partition: int) -> None:
        """`seek` is refused while nothing is fetched, and nothing is after an error; a partition assigned anew begins where it is told."""
        consumer.incremental_unassign(self._at([partition]))
        consumer.incremental_assign(self._at([partition]))

    def _record(self, consumer: Consumer, message: Message) -> Record | None:
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is not None:
            self._complain(consumer, error, partition)
            return None
        payload = message.value()
        # of a partition given up, or placed anew, since it was fetched: not what is to come next
        if payload is None or partition is None or offset is None or offset < self._next.get(partition, offset + 1):
            return None
        if offset > self._next[partition]:  # fetched before it was given up, and it has come back meanwhile with more to read: nothing is passed over
            log.warning("kafka_read_again", partition=partition, records=offset - self._next[partition])
            self._begin_at(consumer, partition)
            return None
        self._next[partition] = offset + 1
        return Record(partition, offset + 1, payload)

    def _complain(self, consumer: Consumer, error: KafkaError, partition: int | None) -> None:
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - that is its name
            self._tell(set(self._next), self._lost)
            self._forget(self._next.keys() | self._unplaced)
            raise LogUnfit(
                f"Kafka has put this member out for good ({error.str()}); each member of a group needs a name of its own"
            )
        if error.code() == KafkaError._AUTO_OFFSET_RESET and partition in self._next:  # noqa: SLF001 - as above
            self._look_where_it_begins(consumer, partition)
        else:
            log.warning("kafka_trouble", why=error.name(), partition=partition)

    def _look_where_it_begins(self, consumer: Consumer, partition: int) -> None:
        """What is to be read next is not there: it has been deleted, or never was."""
        first, end = consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=ANSWER_S)
        if self._next[partition] > end:
            raise LogUnfit(f"partition {partition} of the log ends before what is done of it: it is another log, or was made anew")
        log.error("kafka_records_gone", partition=partition, records=first - self._next[partition])
        self._next[partition] = max(first, self._next[partition])
        self._begin_at(consumer, partition)

"""A look back into Apache Kafka, beside the group: what a worker that claims partitions must know of what was read before.

Owns one consumer that belongs to no group in earnest: it is assigned what it reads, and commits nothing. Of one thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from geofences.adapters.kafka_gateway import everyones_options
from geofences.errors import IntakeBusy
from geofences.ports import Record


class KafkaReader:
    """Implements `IntakeReader`."""

    def __init__(self, url: str, topic: str, *, within_s: float = 20) -> None:
        self._url, self._topic, self._within_s = url, topic, within_s
        self._consumer: Consumer | None = None

    def between(self, spans: Mapping[int, tuple[int, int]]) -> list[Record]:
        try:
            return self._between(spans)
        except KafkaException:
            raise IntakeBusy from None

    def _between(self, spans: Mapping[int, tuple[int, int]]) -> list[Record]:
        consumer = self._consumer = self._consumer or self._made()
        end_s = time.monotonic() + self._within_s
        left = {partition: span[1] for partition, span in spans.items() if span[0] < span[1]}
        found: list[Record] = []
        consumer.assign([TopicPartition(self._topic, partition, spans[partition][0]) for partition in left])
        try:
            while left:
                for message in consumer.consume(1000, 0.05):
                    if message.error() is not None:
                        raise KafkaException(message.error())
                    self._take(Record(message.partition() or 0, (message.offset() or 0) + 1, message.value() or b""), left, found)
                gone = [done.partition for done in consumer.position([TopicPartition(self._topic, p) for p in left]) if done.offset >= left[done.partition]]
                for partition in gone:  # forgotten by the log, all of it or its end
                    del left[partition]
                if left and time.monotonic() > end_s:
                    raise IntakeBusy
        finally:
            consumer.unassign()
        return sorted(found, key=lambda record: (record.partition, record.position))

    @staticmethod
    def _take(record: Record, left: dict[int, int], found: list[Record]) -> None:
        if record.position <= left.get(record.partition, 0):
            found.append(record)
            if record.position == left[record.partition]:
                del left[record.partition]

    def _made(self) -> Consumer:
        options = {
            "group.id": "moments-look-back",  # the client wants a name; no group of this name ever forms
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",  # what is forgotten is not there to be remembered
            "fetch.wait.max.ms": 50,
        }
        return Consumer(everyones_options(self._url) | options)

    def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

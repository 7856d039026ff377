"""What only a real Apache Kafka can show: its topic, brokers that die, one that is away, and how it is addressed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from pydantic import ValidationError
from structlog.testing import capture_logs

from geofences.adapters import kafka_topic
from geofences.adapters.kafka_address import FORM, client_options
from geofences.adapters.kafka_gateway import KafkaConsumer, KafkaProducer
from geofences.adapters.kafka_topic import prepare
from geofences.errors import IntakeBusy, LogUnfit
from geofences.ports import Record
from geofences.settings import GeofenceSettings
from tests.brokers.kafka import Kafka

PARTITIONS = 4


@pytest.fixture
def topic() -> str:
    return f"t-{uuid4().hex}"


def read_all(url: str, topic: str, most: int) -> list[Record]:
    consumer = KafkaConsumer(url, topic, topic, session_s=6)
    consumer.open(lambda partitions: dict.fromkeys(partitions, 0), lambda _: None, lambda _: None)
    came: list[Record] = []
    end = time.monotonic() + 30
    while len(came) < most and time.monotonic() < end:
        came += consumer.poll(1000, 0.2)
    came += consumer.poll(1000, 0.2)
    consumer.close()
    return came


class TestPrepare:
    def settings(self, kafka: Kafka, topic: str) -> dict[str, str]:
        named = ConfigResource(ConfigResource.Type.TOPIC, topic)
        admin = AdminClient(client_options(kafka.url))
        found = admin.describe_configs([named])[named].result()
        return {name: entry.value for name, entry in found.items()}

    def test_makes_the_topic_as_it_must_be_and_a_second_time_changes_nothing(self, kafka: Kafka, topic: str) -> None:
        for _ in range(2):
            prepare(kafka.url, topic, partitions=PARTITIONS, replication=1, retention_s=86_400)
        found = AdminClient(client_options(kafka.url)).list_topics(timeout=30).topics[topic]
        assert len(found.partitions) == PARTITIONS
        wanted = {"retention.ms": "86400000", "segment.ms": "8640000", "min.insync.replicas": "1", "message.timestamp.type": "LogAppendTime", "unclean.leader.election.enable": "false"}
        assert wanted.items() <= self.settings(kafka, topic).items()

    def test_brings_what_may_change_to_what_is_asked(self, kafka: Kafka, topic: str) -> None:
        prepare(kafka.url, topic, partitions=PARTITIONS, replication=1, retention_s=86_400)
        with capture_logs() as lines:
            prepare(kafka.url, topic, partitions=PARTITIONS, replication=1, retention_s=7200)
        assert self.settings(kafka, topic)["retention.ms"] == "7200000"
        assert [line["changed"] for line in lines if line["event"] == "kafka_topic_changed"] == [["retention.ms", "segment.ms"]]

    def test_refuses_another_number_of_partitions(self, kafka: Kafka, topic: str) -> None:
        prepare(kafka.url, topic, partitions=PARTITIONS, replication=1)
        with pytest.raises(LogUnfit, match=f"^the topic {topic} has 4 partitions and must have 5: .* for ever$"):
            prepare(kafka.url, topic, partitions=5, replication=1)

    def test_refuses_too_few_replicas(self, kafka: Kafka, topic: str) -> None:
        prepare(kafka.url, topic, partitions=PARTITIONS, replication=1)
        with pytest.raises(LogUnfit, match="is kept by 1 brokers and must be by 3: reassign"):
            prepare(kafka.url, topic, partitions=PARTITIONS, replication=3)

    def test_says_when_there_are_too_few_brokers(self, kafka: Kafka, topic: str) -> None:
        with pytest.raises(LogUnfit, match=f"the topic {topic} cannot be made ready: .*replication factor"):
            prepare(kafka.url, topic, partitions=PARTITIONS, replication=3)

    def test_takes_what_another_was_quicker_to_make(self, kafka: Kafka, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
        class Late(AdminClient):
            def create_topics(self, asked: Any, **options: Any) -> Any:
                other = AdminClient(client_options(kafka.url))
                other.create_topics([NewTopic(topic, 3, 1)])[topic].result()
                return super().create_topics(asked, **options)

        monkeypatch.setattr(kafka_topic, "AdminClient", Late)
        with pytest.raises(LogUnfit, match="has 3 partitions and must have 4"):
            prepare(kafka.url, topic, partitions=PARTITIONS, replication=1)

    def test_nobody_answers(self, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kafka_topic, "ANSWER_S", 0.3)
        with pytest.raises(IntakeBusy, match="did not answer"):
            prepare("kafka://127.0.0.1:1", topic)


class TestKafkaProducer:
    def test_a_topic_that_is_missing_is_not_made_by_the_way(self, kafka: Kafka, topic: str) -> None:
        """It would have one partition. Planted bug: the library left to its default."""
        producer = KafkaProducer(kafka.url, topic, within_s=1)
        with pytest.raises(IntakeBusy):
            producer.send([(0, b"one")])
        producer.close()
        assert topic not in AdminClient(client_options(kafka.url)).list_topics(timeout=30).topics

    def test_a_partition_that_is_none_fails_the_whole(self, kafka: Kafka, topic: str) -> None:
        prepare(kafka.url, topic, partitions=PARTITIONS, replication=1)
        producer = KafkaProducer(kafka.url, topic, within_s=2)
        with pytest.raises(IntakeBusy):
            producer.send([(0, b"one"), (PARTITIONS, b"none")])
        producer.close()

    def test_after_a_fatal_error_it_begins_anew(self, kafka: Kafka, topic: str) -> None:
        """Planted bug: the broken one kept, which refuses for ever."""
        prepare(kafka.url, topic, partitions=PARTITIONS, replication=1)
        producer = KafkaProducer(kafka.url, topic, within_s=20)
        working = producer._producer

        class Broken:
            def produce(self, *_: Any, **__: Any) -> None:
                raise KafkaException(KafkaError(KafkaError._FATAL, "out of order", True))

            def poll(self, wait_s: float) -> None:
                threading.Event().wait(wait_s / 10)

        producer._producer = Broken()  # type: ignore[assignment]
        with pytest.raises(IntakeBusy):
            producer.send([(0, b"one")])
        producer.send([(0, b"one")])
        producer.close()
        working.flush(5)
        assert [r.payload for r in read_all(kafka.url, topic, 1)] == [b"one"]

    def test_small_sends_of_many_travel_together(self, kafka: Kafka, topic: str) -> None:
        """In a few batches and not forty. Planted bug: a batch for each message."""
        prepare(kafka.url, topic, partitions=1, replication=1)
        producer = KafkaProducer(kafka.url, topic, within_s=20, linger_s=0.2)
        batches: list[int] = []
        producer._producer = Producer(producer._options | {"statistics.interval.ms": 100, "stats_cb": lambda words: batches.append(self.sent(words, topic))})
        begin = threading.Barrier(40)

        def send() -> None:
            begin.wait()
            producer.send([(0, b"x")])

        threads = [threading.Thread(target=send) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while not sum(batches):
            threading.Event().wait(0.05)
        producer.close()
        assert sum(batches) <= 10

    def sent(self, words: str, topic: str) -> int:
        """Batches since it was last said, of the library's own statistics."""
        return int(json.loads(words)["topics"].get(topic, {}).get("batchcnt", {}).get("cnt", 0))


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Kafka]:
    servers = Kafka(tmp_path, nodes=3)
    yield servers
    servers.stop()


class TestThreeBrokers:
    def test_one_that_is_killed_takes_nothing_acknowledged_with_it(self, three: Kafka, topic: str) -> None:
        """Planted bug: acknowledged by one broker alone (`acks=1`, one in sync)."""
        prepare(three.url, topic, partitions=PARTITIONS, replication=3)
        producer = KafkaProducer(three.url, topic, within_s=20)
        kept: list[bytes] = []
        killed, enough = threading.Event(), 20

        def send(who: int) -> None:
            after = 0
            while after < enough:
                payload = b"%d %d" % (who, len(kept))
                producer.send([(who, payload)])
                kept.append(payload)
                after += killed.is_set()

        threads = [threading.Thread(target=send, args=(who,)) for who in range(PARTITIONS)]
        for thread in threads:
            thread.start()
        while len(kept) < enough:
            assert all(t.is_alive() for t in threads)
        three.kill(2)
        killed.set()
        for thread in threads:
            thread.join()
        producer.close()
        came = read_all(three.url, topic, len(kept))
        assert sorted(r.payload for r in came) == sorted(kept)
        for partition in range(PARTITIONS):
            positions = [r.position for r in came if r.partition == partition]
            assert positions == list(range(1, len(positions) + 1))


class _Fetched:
    """A message that the client holds."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return b"x"


class _Client:
    def __init__(self) -> None:
        self.begun_at: list[int] = []

    def incremental_unassign(self, _partitions: Any) -> None:
        pass

    def incremental_assign(self, partitions: Any) -> None:
        self.begun_at += [one.offset for one in partitions]


def test_what_was_fetched_before_a_partition_was_lost_and_given_again_passes_nothing_over() -> None:
    """Between two calls of one poll a partition is lost, and given again from what is committed, which lies further back. Seen to fail with that message
    taken: all between was never read."""
    client: Any = _Client()
    member = KafkaConsumer("kafka://127.0.0.1:1", "fixes", "workers")
    member._next = {0: 150}
    assert member._record(client, _Fetched(200)) is None  # type: ignore[arg-type]
    assert client.begun_at == [150]
    assert [member._record(client, _Fetched(offset)) for offset in (150, 150, 151)] == [Record(0, 151, b"x"), None, Record(0, 152, b"x")]  # type: ignore[arg-type]


class TestAddress:
    def test_in_the_words_of_the_clients(self) -> None:
        assert client_options("kafka://a:9092,b:9093") == {"bootstrap.servers": "a:9092,b:9093", "security.protocol": "PLAINTEXT"}
        assert client_options("kafkas://a:9092?ca=/etc/ca.pem") == {
            "bootstrap.servers": "a:9092",
            "security.protocol": "SSL",
            "ssl.ca.location": "/etc/ca.pem",
        }
        assert client_options("kafkas://house:p%40ss%3Aword@a:9092,b:9092?sasl=PLAIN") == {
            "bootstrap.servers": "a:9092,b:9092",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "house",
            "sasl.password": "p@ss:word",
        }
        assert client_options("kafkas://house:p@a:9092")["sasl.mechanism"] == "SCRAM-SHA-512"

    @pytest.mark.parametrize("url", ["", "a:9092", "mqtt://a:9092", "kafka://", "kafka://a", "kafka://a:9092,b", "kafka://:9092"])
    def test_what_is_none(self, url: str) -> None:
        with pytest.raises(ValueError, match="^" + FORM.replace("(", r"\(") + "$"):
            client_options(url)

    def test_a_password_does_not_travel_in_the_open(self) -> None:
        with pytest.raises(ValueError, match="TLS") as refused:
            client_options("kafka://house:hunter2@a:9092")
        assert "hunter2" not in str(refused.value)

    @pytest.mark.parametrize("query", ["sasl=GSSAPI", "ssl=on"])
    def test_what_nobody_knows_is_not_passed_over(self, query: str) -> None:
        with pytest.raises(ValueError, match="sasl"):
            client_options(f"kafkas://house:p@a:9092?{query}")

    def test_a_setting_says_so_at_once(self) -> None:
        with pytest.raises(ValidationError, match="kafka://host:port") as refused:
            GeofenceSettings(kafka_url="kafka://house:hunter2@a")
        assert "hunter2" not in refused.value.errors()[0]["msg"]
        assert GeofenceSettings(kafka_url="").kafka_url is None

"""The topic of the log: made when it is missing, brought to what is set, refused when it has another shape.

Owns what the topic must be like for the promises of `kafka_gateway` to hold. Moves no records.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,  # pyright: ignore[reportPrivateImportUsage] - documented as there, as are the others
    ConfigEntry,  # pyright: ignore[reportPrivateImportUsage]
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage]
    NewTopic,  # pyright: ignore[reportPrivateImportUsage]
)

from app.kernel.logs import get_logger
from geofences.adapters.kafka_gateway import ANSWER_S, MOST_BYTES, everyones_options
from geofences.errors import IntakeBusy, LogUnfit

log = get_logger(__name__)


def prepare(
    url: str,
    topic: str,
    *,
    partitions: int = 512,
    replication: int = 3,
    retention_s: float = 259_200,
    min_insync_replicas: int | None = None,
) -> str:
    """See that the topic is there and is as it has to be; its identity, another one when it is made anew. Raises LogUnfit where only people can mend it, IntakeBusy if nobody answers.

    `min_insync_replicas`: how many brokers must have a record before it is acknowledged; all but one unless said.
    """
    admin = AdminClient(everyones_options(url))
    wanted = {
        "cleanup.policy": "delete",
        "max.message.bytes": str(MOST_BYTES + 1000),
        "message.timestamp.type": "LogAppendTime",  # how long it is kept is not for a sender's clock to say
        "min.insync.replicas": str(min_insync_replicas or max(1, replication - 1)),
        "retention.ms": str(int(retention_s * 1000)),
        "segment.ms": str(int(retention_s * 100)),  # a segment goes as a whole: nothing is kept longer by more than a tenth
        "unclean.leader.election.enable": "false",
    }
    try:
        if topic not in admin.list_topics(timeout=ANSWER_S).topics and _create(admin, topic, partitions, replication, wanted):
            log.info("kafka_topic_made", topic=topic, partitions=partitions)
        else:
            _refuse_if_another_shape(admin, topic, partitions, replication)
            _set(admin, topic, wanted)
        return _identity(admin, topic)
    except KafkaException as refused:
        error: KafkaError = refused.args[0]
        if error.retriable() or error.code() < 0:
            raise IntakeBusy(f"Kafka did not answer: {error.name()}") from None
        raise LogUnfit(f"the topic {topic} cannot be made ready: {error.str()}") from None


def _create(admin: AdminClient, topic: str, partitions: int, replication: int, wanted: Mapping[str, str]) -> bool:
    asked = NewTopic(topic, num_partitions=partitions, replication_factor=replication, config=dict(wanted))
    try:
        admin.create_topics([asked], operation_timeout=ANSWER_S, request_timeout=ANSWER_S)[topic].result()
    except KafkaException as refused:
        if refused.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker
            return False
        raise
    return True


def _refuse_if_another_shape(admin: AdminClient, topic: str, partitions: int, replication: int) -> None:
    found = admin.list_topics(timeout=ANSWER_S).topics[topic].partitions.values()
    if len(found) != partitions:
        raise LogUnfit(
            f"the topic {topic} has {len(found)} partitions and must have {partitions}: their number says whose fixes are where, for ever"
        )
    fewest = min(len(partition.replicas) for partition in found)
    if fewest < replication:
        raise LogUnfit(f"the topic {topic} is kept by {fewest} brokers and must be by {replication}: reassign its replicas")


def _identity(admin: AdminClient, topic: str) -> str:
    """KIP-516: each topic that is ever made has an id of its own. One that was made a moment ago is not known to every broker yet."""
    until_s = time.monotonic() + ANSWER_S
    while True:
        try:
            found = admin.describe_topics(TopicCollection([topic]), request_timeout=ANSWER_S)[topic].result()
        except KafkaException as refused:
            if refused.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART or time.monotonic() > until_s:
                raise
            time.sleep(0.1)
        else:
            return f"{topic} {found.topic_id}"


def _set(admin: AdminClient, topic: str, wanted: Mapping[str, str]) -> None:
    named = ConfigResource(ConfigResource.Type.TOPIC, topic)
    has = admin.describe_configs([named], request_timeout=ANSWER_S)[named].result()
    other = {name: value for name, value in wanted.items() if has[name].value != value}
    if other:
        changes = [ConfigEntry(n, v, incremental_operation=AlterConfigOpType.SET) for n, v in other.items()]
        asked = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=changes)
        admin.incremental_alter_configs([asked], request_timeout=ANSWER_S)[asked].result()
        log.info("kafka_topic_changed", topic=topic, changed=sorted(other))

"""What of the room is built by the settings: the thread that detects, over the table or over a shared log, and the one that listens to phones.

Owns those choices. Nothing is asked of a broker before the log is begun (`establish`), fixes come or a thread starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.kernel.db import Database
from app.kernel.leases import Tenure
from geofences.intake import SharedIntake
from geofences.jobs import Companion, RunnerLoop
from geofences.mqtt import MqttListener
from geofences.settings import GeofenceSettings


def detecting(database: Database, settings: GeofenceSettings, index_folder: Path, beside: Sequence[Companion]) -> RunnerLoop:
    """The thread that detects, over the log that is set; its `intake` is the way into it, None where that is the caller's transaction."""
    url = settings.kafka_url.get_secret_value() if settings.kafka_url is not None else ""
    if not url:
        return RunnerLoop(database, settings, index_folder, beside)
    from geofences.adapters.kafka_gateway import KafkaConsumer, KafkaProducer  # lazy: the library is large
    from geofences.adapters.kafka_reader import KafkaReader
    from geofences.adapters.kafka_topic import prepare
    from geofences.group_loop import GroupLoop
    from geofences.ticking import Ticker

    topic, count = settings.kafka_topic, settings.kafka_partitions

    def prepared() -> str:
        return prepare(url, topic, partitions=count, replication=settings.kafka_replication, retention_s=settings.kafka_retention_s)

    intake = SharedIntake(database, lambda: KafkaProducer(url, topic, within_s=settings.kafka_send_within_s), count)
    consumer = KafkaConsumer(url, topic, settings.kafka_group, name=settings.kafka_member or None, session_s=settings.kafka_session_s)
    ticker = Ticker(database, intake, count, lateness_s=settings.lateness_s, every_s=settings.kafka_tick_s)
    return GroupLoop(database, settings, consumer, KafkaReader(url, topic), prepared, ticker, intake, index_folder=index_folder, beside=beside)


def listening(database: Database, settings: GeofenceSettings, wake: Callable[[], None], intake: SharedIntake | None) -> MqttListener | None:
    """The thread that listens to a broker for phones, if one is set."""
    url = settings.mqtt_url.get_secret_value() if settings.mqtt_url is not None else ""
    if not url:
        return None
    from geofences.adapters.mqtt_gateway import MqttGateway  # lazy: the library is not needed where nothing listens

    return MqttListener(database, settings, MqttGateway(url, settings.mqtt_client_id), wake, Tenure(database, "mqtt"), intake)

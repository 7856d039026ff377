"""MQTT 3.1.1 through paho-mqtt: the one file that speaks its language.

Owns the connection, its renewal, and that a message is acknowledged only when told to, on the connection it came by. Must not know
what messages mean.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from app.kernel.logs import get_logger
from geofences.ports import Delivery

log = get_logger(__name__)

PORTS = {"mqtt": 1883, "mqtts": 8883}
MOST_BYTES = 65_536


class MqttGateway:
    """`url` is mqtt://user:password@host:port or mqtts://... . A session the broker keeps: what comes while nobody listens waits.

    `listening` is set while the broker has said that it will send us what we asked for.
    """

    def __init__(self, url: str, client_id: str, *, slowest_s: int = 60) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("mqtt_url must be mqtt://user:password@host:port or mqtts://...")
        self._host, self._port = parts.hostname, parts.port or PORTS[parts.scheme]
        self._tls = parts.scheme == "mqtts"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._client_id, self._slowest_s = client_id, slowest_s
        self._client: paho.Client | None = None
        self._connection = 0
        self.listening = threading.Event()
        self._topics: Sequence[str] = ()
        self._deliver: Callable[[Delivery], None] = _nobody

    def open(self, topics: Sequence[str], deliver: Callable[[Delivery], None]) -> None:
        self._topics, self._deliver = topics, deliver
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=False,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        if self._user is not None:
            client.username_pw_set(self._user, self._password)
        if self._tls:
            client.tls_set_context(ssl.create_default_context())
        client.reconnect_delay_set(1, self._slowest_s)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client
        client.connect_async(self._host, self._port, keepalive=30)
        client.loop_start()

    def acknowledge(self, delivery: Delivery) -> None:
        # Numbers begin anew with a connection: an old one would acknowledge a message nobody has read.
        if self._client is not None and delivery.connection == self._connection:
            self._client.ack(delivery.number, 1)

    def send(self, topic: str, payload: bytes) -> None:
        if self._client is not None:
            self._client.publish(topic, payload, qos=1, retain=False)

    def again(self) -> None:
        self.close()
        self.open(self._topics, self._deliver)

    def close(self) -> None:
        client, self._client = self._client, None
        self._connection += 1
        if client is not None:
            client.disconnect()
            client.loop_stop()
        self.listening.clear()

    # -- what paho calls, in its thread --------------------------------------------------------------------------------

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            log.warning("mqtt_refused", why=str(code))
            return
        self._connection += 1
        client.subscribe([(topic, 1) for topic in self._topics])
        log.info("mqtt_connected")

    def _on_subscribe(self, _client: paho.Client, _data: Any, _number: int, codes: Sequence[Any], _properties: Any) -> None:
        refused = [topic for topic, code in zip(self._topics, codes, strict=False) if code.is_failure]
        if refused:
            log.warning("mqtt_topics_refused", topics=refused)
        else:
            self.listening.set()

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self.listening.clear()
        self._connection += 1
        if code.is_failure:
            log.warning("mqtt_disconnected", why=str(code))

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        delivery = Delivery(message.topic, bytes(message.payload), message.mid, self._connection)
        if len(delivery.payload) > MOST_BYTES:
            log.warning("mqtt_message_too_large", size_bytes=len(delivery.payload))
            client.ack(message.mid, message.qos)
            return
        self._deliver(delivery)


def _nobody(_delivery: Delivery) -> None:
    """Before `open` nobody listens."""

"""The thread that listens to a broker for OwnTracks phones, as an alternative to HTTP.

Owns the order: take a message in, commit, and only then acknowledge it; if it cannot be kept, ask the broker for it again, later and
later. The device is told by its tracking key, the last level of the topic `owntracks/<user>/<tracking key>`; docs/operations.md says
how the broker keeps phones apart. Must not know MQTT (adapters) nor what becomes of a fix (listening).
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import exc
from sqlalchemy.orm import Session

from app.kernel.busy import DatabaseBusy
from app.kernel.db import Database
from app.kernel.leases import Tenure
from app.kernel.logs import get_logger
from app.security.people import device_by_tracking_key
from geofences.errors import IntakeBusy
from geofences.intake import SharedIntake
from geofences.listening import hear
from geofences.ports import Delivery, FixSink, MessageBroker
from geofences.settings import GeofenceSettings
from geofences.track import Key

log = get_logger(__name__)

TOPICS = ("owntracks/+/+", "owntracks/+/+/event")
BATCH = 100
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_NO_DATABASE = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, DatabaseBusy, IntakeBusy)
"""The database, or the log, cannot be had, now: the same message may be kept later."""


class MqttListener:
    """`start` and `stop` once each; `run_once` by hand in tests. `wake` is called when there is something to detect. Of several processes
    the one that has the `tenure` listens: the broker knows us by one name, and throws out who had it before. What the last one had not
    acknowledged comes again to the next."""

    def __init__(
        self,
        database: Database,
        settings: GeofenceSettings,
        broker: MessageBroker,
        wake: Callable[[], None],
        tenure: Tenure | None = None,
        intake: SharedIntake | None = None,
    ) -> None:
        self._database, self._settings, self._broker, self._wake = database, settings, broker, wake
        self._came: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._tenure, self._intake, self._open = tenure, intake, False

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        if self._tenure is not None:
            self._tenure.start()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being taken in; what is not acknowledged stays with the broker."""
        self._stopping.set()
        self._came.put(None)
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._broker.close()
        if self._tenure is not None:
            self._tenure.stop()

    def open(self) -> None:
        self._broker.open(TOPICS, self._came.put)

    def run_once(self, wait_s: float = 0.0) -> int:
        """Take in what has come, at most `BATCH` messages, in one transaction; how many."""
        batch = self._waiting(wait_s)
        if not batch:
            return 0
        try:
            answers = self._kept(batch)
        except _NO_DATABASE:
            raise
        except Exception as error:  # noqa: BLE001 - one message nobody foresaw must not keep the others out for ever
            log.warning("mqtt_batch_failed", error=type(error).__name__, messages=len(batch))
            answers = [a for delivery in batch for a in self._kept_alone(delivery)]
        for delivery in batch:
            self._broker.acknowledge(delivery)
        for topic, payload in answers:
            self._broker.send(topic, payload)
        return len(batch)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            if not self._its_turn():
                self._stopping.wait(_FIRST_WAIT_S)
                continue
            try:
                self.run_once(wait_s=1.0)
                pause_s = _FIRST_WAIT_S
            except _NO_DATABASE as error:
                log.warning("mqtt_not_kept", error=type(error).__name__, again_in_s=pause_s)
                self._stopping.wait(pause_s)
                pause_s = min(_LONGEST_WAIT_S, 2 * pause_s)
                if not self._stopping.is_set():
                    self._broker.again()

    def _its_turn(self) -> bool:
        """Whether this process listens; begins and ends listening as that changes."""
        its = self._tenure is None or self._tenure.leads
        if its and not self._open:
            self.open()
        elif self._open and not its:
            self._broker.close()
        self._open = its
        return its

    def _waiting(self, wait_s: float) -> list[Delivery]:
        batch: list[Delivery] = []
        while len(batch) < BATCH:
            try:
                found = self._came.get(block=not batch and wait_s > 0, timeout=wait_s or None)
            except queue.Empty:
                break
            if found is None:
                break
            batch.append(found)
        return batch

    def _kept(self, batch: list[Delivery]) -> list[tuple[str, bytes]]:
        def work(session: Session, log_to: FixSink | None) -> list[tuple[str, bytes]]:
            return [answer for delivery in batch for answer in self._take_in(session, delivery, log_to)]

        if self._intake is not None:
            return self._intake.taking(work)
        with self._database.transaction() as session:
            return work(session, None)

    def _kept_alone(self, delivery: Delivery) -> list[tuple[str, bytes]]:
        try:
            return self._kept([delivery])
        except _NO_DATABASE:
            raise
        except Exception as error:  # noqa: BLE001 - said and passed over: it would come again for ever
            log.warning("mqtt_message_failed", error=type(error).__name__)
            return []

    def _take_in(self, session: Session, delivery: Delivery, log_to: FixSink | None) -> list[tuple[str, bytes]]:
        message = _message(delivery.payload)
        if message is None:
            log.info("mqtt_not_taken", reason="not_an_object")
            return []
        user, tracking_key = delivery.topic.split("/")[1:3]
        device = device_by_tracking_key(session, tracking_key)
        if device is None:
            log.info("mqtt_not_taken", reason="unknown_tracking_key")
            return []
        commands = hear(
            session,
            Key(device.shopper_id, device.device_id),
            message,
            received_at=self._database.clock.now(),
            settings=self._settings,
            wake=self._wake if log_to is None else None,
            log_to=log_to,
        )
        return [(f"owntracks/{user}/{tracking_key}/cmd", json.dumps(command).encode()) for command in commands]


def _message(payload: bytes) -> dict[str, Any] | None:
    try:
        found: object = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None

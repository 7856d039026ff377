"""OwnTracks phones behind a broker: kept first, acknowledged then."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exc, select
from sqlalchemy.orm import Session

from app.kernel.busy import DatabaseBusy
from app.kernel.db import Database
from app.security.people import NewDevice
from geofences import mqtt
from geofences.adapters.memory_broker import MemoryBroker
from geofences.adapters.mqtt_gateway import MqttGateway
from geofences.models import FixLogRow
from geofences.mqtt import MqttListener
from geofences.settings import GeofenceSettings
from tests.geofences.broker import running_mosquitto
from tests.geofences.conftest import raw
from tests.geofences.test_broker_contract import SOON_S, Phone

Make = Callable[..., NewDevice]


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


class Bell:
    """Counts how often the detector was woken."""

    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def listener(
    database: Database, settings: GeofenceSettings, broker: MemoryBroker, bell: Bell, shop: str
) -> MqttListener:
    listener = MqttListener(database, settings, broker, bell)
    listener.open()
    return listener


def message(database: Database, later_s: float = 0.0, **more: Any) -> bytes:
    fix = raw(database.clock.now(), 0)
    return json.dumps(
        {
            "_type": "location",
            "lat": fix["lat"],
            "lon": fix["lon"],
            "tst": int(fix["ts"] + later_s),
            "acc": 8,
            "t": "t",
            **more,
        }
    ).encode()


def kept(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(FixLogRow.device_id).order_by(FixLogRow.position)))


class TestRunOnce:
    def test_a_location_is_kept_and_acknowledged_and_detection_woken(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, bell: Bell, shopper: Make
    ) -> None:
        jane = shopper()
        broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database))
        assert kept(database) == []
        assert listener.run_once() == 1
        assert (kept(database), broker.unacknowledged, bell.rung) == ([jane.device_id], 0, 1)
        assert broker.sent == []

    def test_who_asks_is_told_what_to_watch(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, shopper: Make
    ) -> None:
        jane = shopper()
        broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database, t="u"))
        listener.run_once()
        ((topic, payload),) = broker.sent
        assert topic == f"owntracks/jane/{jane.tracking_key}/cmd"
        command = json.loads(payload)
        assert [w["desc"] for w in command["waypoints"]["waypoints"]] == ["Around you", "Ooey Gooey"]

    def test_leaving_the_circle_around_brings_a_new_plan(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, shopper: Make
    ) -> None:
        jane = shopper()
        event = message(database, _type="transition", event="leave", desc="Around you")
        broker.publish(f"owntracks/jane/{jane.tracking_key}/event", event)
        listener.run_once()
        assert len(broker.sent) == 1
        assert kept(database) == [jane.device_id]

    def test_without_consent_nothing_is_kept_or_told(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, bell: Bell, shopper: Make
    ) -> None:
        jane = shopper(agreed=False)
        broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database, t="u"))
        assert listener.run_once() == 1
        assert (kept(database), broker.unacknowledged, broker.sent, bell.rung) == ([], 0, [], 0)

    @pytest.mark.parametrize(
        "payload",
        [b"", b"not json", b"\xff\xfe", b"[]", b"5", b'{"_type": "lwt"}', b'{"_type": "location"}', b"[" * 50_000, b'{"_type": "location", "tst": 1e400, "lat": 1, "lon": 2}', b'{"_type": "encrypted", "data": "x"}'],
    )  # fmt: skip
    def test_what_is_no_fix_is_passed_over(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, shopper: Make, payload: bytes
    ) -> None:
        broker.publish(f"owntracks/jane/{shopper().tracking_key}", payload)
        assert listener.run_once() == 1
        assert (kept(database), broker.unacknowledged) == ([], 0)

    @pytest.mark.parametrize("key", ["phone", "mmt_unknown", "", "%s"])
    def test_a_stranger_is_passed_over(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, key: str
    ) -> None:
        broker.publish(f"owntracks/jane/{key}", message(database))
        assert listener.run_once() == 1
        assert (kept(database), broker.unacknowledged) == ([], 0)

    def test_the_same_message_twice_is_kept_once(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, shopper: Make
    ) -> None:
        jane = shopper()
        for _ in range(2):
            broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database))
            listener.run_once()
        assert len(kept(database)) == 1

    def test_many_are_kept_in_one_transaction(
        self, database: Database, listener: MqttListener, broker: MemoryBroker, bell: Bell, shopper: Make
    ) -> None:
        jane = shopper()
        for i in range(130):
            broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database, later_s=-i))
        assert [listener.run_once(), listener.run_once(), listener.run_once()] == [100, 30, 0]
        assert (len(kept(database)), broker.unacknowledged) == (130, 0)

    @pytest.mark.parametrize("trouble", [exc.OperationalError("COMMIT", {}, Exception("the disk is full")), DatabaseBusy()], ids=["away", "busy"])
    def test_nothing_is_acknowledged_that_was_not_committed(
        self,
        database: Database,
        listener: MqttListener,
        broker: MemoryBroker,
        bell: Bell,
        shopper: Make,
        monkeypatch: pytest.MonkeyPatch,
        trouble: Exception,
    ) -> None:
        """Seen to fail with the acknowledgement before the commit; and, busy, as it was, taken for a message that breaks us."""
        jane = shopper()
        real = database.transaction

        @contextmanager
        def lost() -> Iterator[Session]:
            with real() as session:
                yield session
                session.rollback()
            raise trouble

        monkeypatch.setattr(database, "transaction", lost)
        broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database, t="u"))
        with pytest.raises(type(trouble)):
            listener.run_once()
        assert (kept(database), broker.unacknowledged, broker.sent) == ([], 1, [])
        monkeypatch.setattr(database, "transaction", real)
        broker.again()
        assert listener.run_once() == 1
        assert (kept(database), broker.unacknowledged) == ([jane.device_id], 0)

    def test_one_message_that_breaks_us_does_not_keep_the_others_out(
        self,
        database: Database,
        listener: MqttListener,
        broker: MemoryBroker,
        shopper: Make,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        jane = shopper()
        real = mqtt.hear

        def breaks(session: Session, key: Any, found: Any, **more: Any) -> Any:
            if found.get("poison"):
                raise ZeroDivisionError
            return real(session, key, found, **more)

        monkeypatch.setattr(mqtt, "hear", breaks)
        for i in range(3):
            broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database, later_s=-i, poison=i == 1))
        assert listener.run_once() == 3
        assert (len(kept(database)), broker.unacknowledged) == (2, 0)


class Turn:
    """Whether it is this process's, as a tenure says it."""

    def __init__(self) -> None:
        self.leads, self.told = False, list[str]()

    def start(self) -> None:
        self.told.append("started")

    def stop(self) -> None:
        self.told.append("stopped")


class TestTurns:
    def test_it_listens_only_while_it_is_its_turn(
        self, database: Database, settings: GeofenceSettings, broker: MemoryBroker, bell: Bell, shop: str, shopper: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two with one name throw each other out at the broker. Planted bugs, each seen to fail: it listens from the start; it does not leave off."""
        monkeypatch.setattr(mqtt, "_FIRST_WAIT_S", 0.01)
        jane, turn = shopper(), Turn()
        topic = f"owntracks/jane/{jane.tracking_key}"
        listener = MqttListener(database, settings, broker, bell, turn)  # type: ignore[arg-type]
        listener.start()

        def until(holds: Callable[[], bool]) -> None:
            for _ in range(int(SOON_S * 100)):
                if holds():
                    return
                time.sleep(0.01)
            raise AssertionError("it never came true")

        broker.publish(topic, message(database, later_s=-2))
        time.sleep(0.1)
        assert (broker.unacknowledged, kept(database)) == (1, [])
        turn.leads = True
        until(lambda: broker.unacknowledged == 0)
        assert kept(database) == [jane.device_id]
        turn.leads = False
        until(lambda: broker._deliver is None)
        broker.publish(topic, message(database, later_s=-1))
        assert broker.unacknowledged == 1
        turn.leads = True
        until(lambda: broker.unacknowledged == 0)
        assert kept(database) == [jane.device_id] * 2
        listener.stop()
        assert turn.told == ["started", "stopped"]


class TestStart:
    def test_a_phone_at_a_real_broker(
        self, database: Database, settings: GeofenceSettings, shop: str, shopper: Make, tmp_path: Path
    ) -> None:
        """The whole way: published, kept, woken, told; what came while nobody listened too; a database that is away for a moment."""
        jane, woken = shopper(), threading.Event()
        with running_mosquitto(tmp_path) as server:
            phone = Phone(server.port, listens=f"owntracks/jane/{jane.tracking_key}/cmd")

            def listening() -> MqttListener:
                gateway = MqttGateway(server.url, "house", slowest_s=1)
                listener = MqttListener(database, settings, gateway, woken.set)
                listener.start()
                assert gateway.listening.wait(SOON_S)
                return listener

            def until(count: int) -> None:
                for _ in range(int(SOON_S * 20)):
                    if len(kept(database)) >= count:
                        return
                    time.sleep(0.05)
                raise AssertionError(f"{len(kept(database))} of {count} kept")

            first = listening()
            assert first.running
            phone.publish(f"owntracks/jane/{jane.tracking_key}", message(database, t="u"))
            assert json.loads(phone.heard.get(timeout=SOON_S)[1])["action"] == "setWaypoints"
            assert woken.wait(SOON_S)
            first.stop()
            assert not first.running
            for i in range(1, 40):
                phone.publish(f"owntracks/jane/{jane.tracking_key}", message(database, later_s=-i))
            second = listening()
            until(40)
            second.stop()
            phone.close()
        assert kept(database) == [jane.device_id] * 40

    def test_a_database_that_is_away_for_a_moment(
        self,
        database: Database,
        settings: GeofenceSettings,
        broker: MemoryBroker,
        shop: str,
        shopper: Make,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        jane, away = shopper(), iter([True, True])
        real = database.transaction
        monkeypatch.setattr(mqtt, "_FIRST_WAIT_S", 0.01)

        def transaction() -> Any:
            if next(away, False):
                raise exc.OperationalError("BEGIN", {}, Exception("away"))
            return real()

        monkeypatch.setattr(database, "transaction", transaction)
        listener = MqttListener(database, settings, broker, lambda: None)
        listener.start()
        broker.publish(f"owntracks/jane/{jane.tracking_key}", message(database))
        for _ in range(1_200):
            if not broker.unacknowledged:
                break
            time.sleep(0.05)
        listener.stop()
        assert (kept(database), broker.unacknowledged) == ([jane.device_id], 0)

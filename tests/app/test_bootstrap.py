"""What the composition root chooses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.bootstrap import build
from app.kernel.errors import Invalid
from app.security.audit import journal
from app.settings import load_settings


class TestMqtt:
    def test_nothing_listens_where_no_broker_is_set(self, tmp_path: Path) -> None:
        house = build(load_settings(data_dir=tmp_path, loops=True))
        try:
            assert house.mqtt is None
            assert "mqtt" not in house.stopped_loops()
        finally:
            house.stop()

    def test_a_broker_that_is_set_is_listened_to_and_looked_after(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MOMENTS_GEOFENCES__MQTT_URL", "mqtt://house:secret@127.0.0.1:1")
        house = build(load_settings(data_dir=tmp_path, loops=True))
        try:
            assert house.mqtt is not None
            assert "mqtt" in house.stopped_loops()
            house.mqtt.start()
            assert "mqtt" not in house.stopped_loops()
            house.mqtt.stop()
            assert "mqtt" in house.stopped_loops()
        finally:
            house.stop()

    @pytest.mark.parametrize("url", ["http://broker", "broker:1883", "mqtt://"])
    def test_an_address_that_is_none_is_refused_with_the_settings(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        monkeypatch.setenv("MOMENTS_GEOFENCES__MQTT_URL", url)
        with pytest.raises(Invalid, match="mqtt://user:password@host:port"):
            load_settings(data_dir=tmp_path)


class TestStart:
    def test_the_settings_in_force_are_written_down_without_a_value(self, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Names and one keyed hash; another secret is another hash."""
        told: list[dict[str, object]] = []
        for password in ("secret", "secret", "other"):
            monkeypatch.setenv("MOMENTS_GEOFENCES__MQTT_URL", f"mqtt://house:{password}@127.0.0.1:1")
            shutil.copy(sqlite_template, tmp_path / "moments.sqlite3")
            house = build(load_settings(data_dir=tmp_path, loops=True))
            try:
                house.note_start()
                with house.database.reading() as session:
                    [entry] = journal.entries(session, kind="house.started")
            finally:
                house.stop()
            assert "secret" not in entry.detail
            told.append(json.loads(entry.detail))
        assert told[0]["changed"] == ["MOMENTS_DATA_DIR", "MOMENTS_GEOFENCES__MQTT_URL"]
        assert told[0] == told[1] != told[2]

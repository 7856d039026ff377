"""What the composition root chooses."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap import build
from app.kernel.errors import Invalid
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

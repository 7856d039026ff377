"""`moments bench day` on a real Apache Kafka and PostgreSQL: who was sent to a store is found there, and nobody else."""

from __future__ import annotations

import json

import pytest

from app.cli import bench_day
from tests.app.cli.conftest import Moments
from tests.brokers.kafka import Kafka


@pytest.mark.timeout(300)
def test_a_small_saturday_is_whole(moments: Moments, kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_day, "TURN_S", 7200.0)
    found = json.loads(moments("bench", "day", "--phones", "1000", "--kafka", kafka.url, "--json").out)
    assert found["shoppers"] == 1000
    assert found["fixes"] > 10_000
    assert found["visits"] == pytest.approx(found["stays_in_stores"], rel=0.03)
    assert found["stays_in_stores"] > 200
    assert found["worker_cores_at_1m_fixes_a_second"] == pytest.approx(2 * found["worker_cpu_s_per_million_fixes"], rel=0.02)
    assert min(found[f"{who}_cpu_s_per_million_fixes"] for who in ("intake", "worker", "postgresql", "broker")) > 0


def test_a_broker_is_asked_for(moments: Moments) -> None:
    ran = moments("bench", "day")
    assert ran.code == 1
    assert "--kafka" in ran.err

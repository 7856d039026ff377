"""Every source of forecasts keeps the same promises: days in order, known when it was asked, and trouble instead of an exception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from app.demo.peers.scripted_peer import Answer
from offers.outside.adapters.open_meteo_gateway import LONGEST_REST_S, REST_S, OpenMeteoGateway
from offers.outside.adapters.recorded_gateway import RecordedGateway
from offers.outside.almanac import Issue
from offers.outside.outlook import DayForecast
from offers.outside.ports import ForecastGateway, Trouble
from offers.outside.settings import OutsideSettings
from tests.conftest import START
from tests.offers.outside.test_almanac import AREA
from tests.offers.outside.weather_peer import DAYS, WeatherPeer, said

KNOWN = [DayForecast("2026-11-21", 18.3, 0.0, 36, "", START), DayForecast("2026-11-22", -0.4, 4.4, None, "", START)]


@pytest.fixture
def peer() -> Iterator[WeatherPeer]:
    with WeatherPeer() as peer:
        yield peer


def live(peer: WeatherPeer, *, timeout_s: float = 5, key: str = "") -> OpenMeteoGateway:
    return OpenMeteoGateway(OutsideSettings(url=f"{peer.url}/v1/forecast", timeout_s=timeout_s, api_key=SecretStr(key)))


@pytest.fixture(params=["recorded", "live"])
def gateway(request: pytest.FixtureRequest, peer: WeatherPeer) -> ForecastGateway:
    return live(peer) if request.param == "live" else RecordedGateway(Issue("helsinki", one, START + timedelta(days=1)) for one in reversed(KNOWN))


class TestIssues:
    def test_a_day_each_in_order_known_from_now_for_a_while(self, gateway: ForecastGateway) -> None:
        told = gateway.issues(AREA, START)
        assert not isinstance(told, Trouble)
        days = [one.forecast for one in told]
        assert [(d.day, d.high_c, d.rain_mm, d.cloud_pct, d.known_at) for d in days] == [(d.day, d.high_c, d.rain_mm, d.cloud_pct, START) for d in KNOWN]
        assert {(one.area_id, one.good_until) for one in told} == {("helsinki", START + timedelta(days=1))}

    def test_what_is_recorded_is_not_known_before(self) -> None:
        recorded = RecordedGateway([Issue("helsinki", KNOWN[0], START)])
        assert (list(recorded.issues(AREA, START - timedelta(seconds=1))), len(recorded.issues(AREA, START))) == ([], 1)


class TestLive:
    def test_is_told_an_area_and_nothing_else(self, peer: WeatherPeer) -> None:
        live(peer, key="abc").issues(AREA, START)
        assert peer.asked() == [
            {
                "latitude": "60.17", "longitude": "24.95", "timezone": "Europe/Helsinki", "forecast_days": "10", "apikey": "abc",
                "daily": "temperature_2m_max,precipitation_sum,cloud_cover_mean",
            }
        ]  # fmt: skip
        live(peer).issues(AREA, START)
        assert "apikey" not in peer.asked()[1]

    @pytest.mark.parametrize(
        "garbage",
        [
            Answer(200, b""),
            Answer(200, b"<html>"),
            Answer(200, b"[]"),
            Answer(200, b'{"daily": null}'),
            Answer(200, b"\xff\xfe"),
            Answer(200, b"[" * 100_000),
            Answer(200, b"x" * 300_000),
            Answer(garbage=True),
            Answer(302, b"", {"Location": "/v1/forecast"}),
            said(temperature_2m_max=[900, 1, 1]),
            said(temperature_2m_max=["warm", 1, 1]),
            said(temperature_2m_max=[float("nan"), 1, 1]),
            said(precipitation_sum=[-1, 1, 1]),
            said(precipitation_sum=[1]),
            said(cloud_cover_mean=[400, 1, 1]),
            said(time=["soon", "later", "then"]),
            said(**{name: [] for name in DAYS}),
            said(temperature_2m_max=[None, None, None]),
        ],
        ids=lambda a: f"{a.status}-{a.body[:60]!r}",
    )  # fmt: skip
    def test_garbage_is_trouble(self, peer: WeatherPeer, garbage: Answer) -> None:
        """Seen to fail with the numbers taken as they come, and with redirects followed."""
        peer.program("forecast", garbage)
        told = live(peer).issues(AREA, START)
        assert isinstance(told, Trouble)
        assert told.rest_s == REST_S

    @pytest.mark.parametrize(("after", "rest_s"), [("", REST_S), ("900", 900.0), ("1", REST_S), ("999999999999", LONGEST_REST_S), ("soon", REST_S), ("-5", REST_S)])
    def test_too_many_questions_are_rested(self, peer: WeatherPeer, after: str, rest_s: float) -> None:
        peer.program("forecast", Answer(429, b"{}", {"Retry-After": after}))
        assert live(peer).issues(AREA, START) == Trouble("status 429", rest_s)

    def test_silence_is_trouble_in_time(self, peer: WeatherPeer) -> None:
        peer.program("forecast", Answer(200, json.dumps({"daily": DAYS}).encode(), hold_s=0.6))
        assert isinstance(live(peer, timeout_s=0.1).issues(AREA, START), Trouble)

    def test_nobody_there_is_trouble_and_the_key_stays_unsaid(self, capsys: pytest.CaptureFixture[str]) -> None:
        settings = OutsideSettings(url="http://127.0.0.1:1/v1", api_key=SecretStr("hush-hush"))
        told = OpenMeteoGateway(settings).issues(AREA, START)
        assert isinstance(told, Trouble)
        assert "hush" not in told.why + capsys.readouterr().out

"""The till's camera in a real browser: a code held into the picture is read and redeemed, as a QR code and as a GS1 DataMatrix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp

from app.security.principals import Role
from app.web import assets
from offers import facade
from tests.browser.conftest import CHROMIUM, DESKTOP, FLAGS, SHOP, Eyes, Serving, coupon_of_a_stranger

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WIDTH, HEIGHT = 640, 480


def film(path: Path, symbol: np.ndarray[Any, Any]) -> None:
    """A second of a symbol (0 dark, 255 light) held still before a grey wall, as Chromium's fake camera plays it (YUV4MPEG2, 4:2:0)."""
    scale = min(WIDTH, HEIGHT) * 3 // 4 // max(symbol.shape)
    picture = np.kron(symbol, np.ones((scale, scale), np.uint8))
    frame = np.full((HEIGHT, WIDTH), 160, np.uint8)
    top, left = (HEIGHT - picture.shape[0]) // 2, (WIDTH - picture.shape[1]) // 2
    frame[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    grey = np.full(WIDTH * HEIGHT // 2, 128, np.uint8).tobytes()
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(10):
            out.write(b"FRAME\n" + frame.tobytes() + grey)


def symbol(text: str, kind: Any, *, gs1: bool = False) -> np.ndarray[Any, Any]:
    return np.pad(np.array(zxingcpp.create_barcode(text, kind, gs1=gs1).to_image(scale=1, add_quiet_zones=False)), 4, constant_values=255)


@pytest.fixture
def seeing(tmp_path: Path) -> Iterator[Any]:
    """`seeing(picture)`: a browser whose only camera shows that."""
    if not CHROMIUM.exists() or assets.missing_libraries():
        pytest.skip("Chromium or the browser libraries are not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browsers: list[Any] = []

        def see(picture: np.ndarray[Any, Any]) -> Any:
            film(tmp_path / "camera.y4m", picture)
            camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'camera.y4m'}"]
            browsers.append(playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *camera]))
            return browsers[-1]

        yield see
        for browser in browsers:
            browser.close()


def scans(house_server: Serving, browser: Any) -> Eyes:
    till = Eyes(browser, house_server.url, DESKTOP)
    till.context.grant_permissions(["camera"], origin=house_server.url)
    till.enter(house_server.link(Role.CLERK))
    till.page.select_option("#place", SHOP)
    till.page.locator("[data-camera]").click()
    till.page.wait_for_selector("[data-verdict=redeemed]")
    assert till.page.locator("#camera").is_hidden()
    return till


class TestCamera:
    def test_a_qr_code(self, house_server: Serving, seeing: Any) -> None:
        coupon = coupon_of_a_stranger(house_server.url)
        till = scans(house_server, seeing(symbol(coupon["code"], zxingcpp.BarcodeFormat.QRCode)))
        assert till.page.locator(".verdict .benefit").inner_text() == "25 % off, up to \u20ac10.00"
        assert till.said == []

    def test_a_gs1_datamatrix(self, house_server: Serving, seeing: Any) -> None:
        """Its first sign is no text; the page says in writing that it is a GS1 coupon, or the till would take it for a mistyped code."""
        coupon = coupon_of_a_stranger(house_server.url)
        with house_server.house.database.transaction() as session:
            value = facade.gs1_coupon(session, coupon["id"], "6400000")
        assert value is not None
        till = scans(house_server, seeing(symbol(value, zxingcpp.BarcodeFormat.DataMatrix, gs1=True)))
        assert till.said == []

"""The pieces pages are made of, in a real browser: nothing refused by the policy, no finding of axe, and a map that is drawn.

The whole page is served as a page of ours is, policy included; a message on the console is a failure.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from app.demo import seed
from app.kernel.http import install_problems
from app.web import assets, rendering
from tests.browser.conftest import AXE, SETTLED, until
from tests.browser.pictures import PIXELS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PATIENCE_MS = 120_000  # the map is drawn without a graphics card
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = FastAPI()
    app.state.house = SimpleNamespace(database=None)
    install_problems(app)
    app.include_router(assets.router)
    products = [SimpleNamespace(**product) for product in seed.catalogue()["products"]]

    @app.get("/pieces")
    def pieces(request: Request) -> Response:
        return rendering.page(request, "styleguide.html", {"products": products})

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


def opened(chromium: Any, address: str, size: str, scheme: str, *, drawn: bool = True) -> tuple[Any, list[str]]:
    """The page and what it says; `drawn`: with its map, which takes seconds without a graphics card."""
    width, height = SIZES[size]
    page = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") and "GPU stall" not in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/pieces", wait_until="load" if drawn else "domcontentloaded")
    if drawn:
        page.wait_for_selector("#map[data-state=ready]")
    return page, said


def brightness(page: Any, png: bytes) -> float:
    """From 0, black, to 255."""
    width, height, pixels = page.evaluate(PIXELS, base64.b64encode(png).decode())
    return float(np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(height * width, 4)[:, :3].mean())


@pytest.mark.parametrize("size", ["phone", "desktop"])
class TestPieces:
    def test_policy_axe_and_width_in_both_lights(self, chromium: Any, address: str, size: str) -> None:
        page, said = opened(chromium, address, size, "light")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        assert "© OpenStreetMap contributors" in page.locator("#map").inner_text()
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(SETTLED)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            assert [(v["id"], v["impact"], v["nodes"][0]["target"]) for v in found] == [], scheme
        assert said == []
        page.context.close()


class TestMap:
    def test_streets_fences_and_both_lights(self, chromium: Any, address: str) -> None:
        page, said = opened(chromium, address, "desktop", "light")
        light = page.locator("#map").screenshot()
        assert brightness(page, light) > 150
        page.click("[data-theme-switch]")
        page.click("[data-theme-switch]")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        dark = light

        def turned() -> bool:
            nonlocal dark
            dark = page.locator("#map").screenshot()
            return brightness(page, dark) < 100 and len(dark) > 60_000

        until(turned, lambda: (brightness(page, dark), len(dark)), page)
        assert len(light) > 60_000  # an empty map of this size compresses to a tenth of that
        assert said == []
        page.context.close()

    def test_the_walker_listens_to_keys(self, chromium: Any, address: str) -> None:
        page, _ = opened(chromium, address, "desktop", "light")
        walker = page.locator(".walker")
        walker.focus()  # scrolls to it
        before = walker.bounding_box()
        page.keyboard.press("Shift+ArrowRight")
        after = walker.bounding_box()
        assert after["x"] > before["x"]
        assert abs(after["y"] - before["y"]) < 2
        page.context.close()

    def test_without_webgl_the_page_says_so(self, chromium: Any, address: str) -> None:
        page = chromium.new_context(viewport={"width": 800, "height": 600}).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
        page.goto(f"{address}/pieces")
        page.wait_for_selector("#map[data-state=failed]")
        assert "cannot be drawn" in page.locator("#map").inner_text()
        page.context.close()


class TestShell:
    def test_theme_is_kept_and_is_there_before_the_first_paint(self, chromium: Any, address: str) -> None:
        page, _ = opened(chromium, address, "phone", "light", drawn=False)
        page.click("[data-theme-switch]")
        chosen = page.evaluate("document.documentElement.dataset.theme")
        page.reload(wait_until="domcontentloaded")
        assert page.evaluate("document.documentElement.dataset.theme") == chosen == "light"
        page.context.close()

    def test_the_first_tab_stop_skips_to_the_content(self, chromium: Any, address: str) -> None:
        page, _ = opened(chromium, address, "desktop", "light", drawn=False)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.context.close()

    def test_data_for_modules_is_json(self, chromium: Any, address: str) -> None:
        page, _ = opened(chromium, address, "desktop", "light", drawn=False)
        config = json.loads(page.evaluate("document.getElementById('browser-config').textContent"))
        assert set(config["city"]) == set(assets.CITY_LAYERS)
        page.context.close()


STREET = {
    "type": "Feature",
    "id": "street",
    "properties": {"name": "Promenade", "kind": "street", "chain": None, "buffer_m": 30},
    "geometry": {"type": "LineString", "coordinates": [[24.940, 60.1685], [24.947, 60.1685]]},
}


class TestCorridor:
    def test_is_as_wide_on_the_map_as_on_the_ground(self, chromium: Any, address: str) -> None:
        """Seen to fail with the buffer taken for the whole width."""
        page, said = opened(chromium, address, "desktop", "light")
        held = page.evaluate(
            """async (street) => {
                const { cityMap } = await import("moments/map");
                const element = document.getElementById("map");
                element.replaceChildren();
                const { map } = await cityMap(element, { fences: { type: "FeatureCollection", features: [street] } });
                while (map.querySourceFeatures("corridors").length === 0 || !map.areTilesLoaded()) await new Promise((done) => map.once("render", done).triggerRepaint());
                await new Promise((done) => map.once("render", done).triggerRepaint());
                const drawn = (north_m) => map.queryRenderedFeatures(map.project([24.9435, 60.1685 + north_m / 111195]), { layers: ["corridor-fill"] }).length > 0;
                return [0, 27, -27, 33, -33].map(drawn);
            }""",
            STREET,
        )
        assert held == [True, True, True, False, False]
        assert said == []

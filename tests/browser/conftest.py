"""A real browser, a real server: the demo house on a free port with the local payment and push peers, and eyes on every page.

The house is built once for the module's tests; each test brings a shopper of its own. pytest-socket is not used here.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import expect

from app.bootstrap import House
from app.demo.city.curation import OOEY_GOOEY, PLACES
from app.demo.jane import SHOP, walked_in
from app.demo.phone import Phone, fix_document
from app.demo.stage import Peers, demo_settings, local_peers, prepared_house, served
from app.security import people
from app.security.principals import Role
from app.web import assets
from tests.browser.pictures import write_small
from tests.paths import REPOSITORY

CHROMIUM = Path("/usr/bin/chromium")
AXE = assets.NODE_MODULES / "axe-core" / "axe.min.js"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
SCREENSHOTS = REPOSITORY / "docs" / "screenshots" if os.environ.get("MOMENTS_SCREENSHOTS") == "1" else None
PHONE, DESKTOP = (390, 844), (1280, 800)
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)  # five seconds, as it is by itself, are a busy machine's moment
_walks = itertools.count(20261121)
"""Nobody walks exactly as somebody else has: that would be a track told again, and its coupon good only with the phone in hand."""
HARMLESS = ("GPU stall", "Failed to load resource")


SETTLED = """async () => {
  const frames = n => new Promise(done => { const next = () => (n-- > 0 ? requestAnimationFrame(next) : done()); next(); });
  await frames(2); // changed, and the first of what moves there
  await Promise.allSettled(document.getAnimations().map(animation => animation.finished));
  await frames(1);
}"""
"""New colours have arrived: a button half-way between two of them would be a finding of its own."""


@dataclass(frozen=True)
class Serving:
    """A running house: its address, and one-time links into it."""

    url: str
    house: House
    peers: Peers

    def link(self, role: Role) -> str:
        places = [p.id for p in PLACES if p.chain == OOEY_GOOEY] if role is Role.CLERK else []
        with self.house.database.transaction() as session:
            token = people.make_link(session, role, at=self.house.clock.now(), name=f"test {role}", place_ids=places)
        return f"{self.url}/enter/{token}"


@pytest.fixture(scope="module")
def house_server() -> Iterator[Serving]:
    with tempfile.TemporaryDirectory(prefix="moments-browser-") as folder, local_peers() as peers:
        home = Path(folder)
        crowd = {"link_uses_per_minute": 1_000}  # all of a module's people come in from one address, as fast as the machine is
        house = prepared_house(
            demo_settings(peers, home, data_dir=home, database_url="", public_url="", port=0, log_level="ERROR", security=crowd)
        )
        with served(house, peers) as url:
            yield Serving(url, house, peers)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser a module, no longer: while Playwright runs, its event loop is this thread's, and nobody else's would start."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    if assets.missing_libraries() or not AXE.exists():
        pytest.skip("browser libraries are not installed; run `npm ci`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


class Eyes:
    """One browser window that notices: what the console says, findings of axe in both lights, pages wider than the screen."""

    open: ClassVar[list[Eyes]] = []

    def __init__(self, chromium: Any, url: str, size: tuple[int, int]) -> None:
        self.url, self.size = url, size
        width, height = size
        self.context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.harmless: tuple[str, ...] = HARMLESS
        self.page.on("console", lambda m: self.said.append(m.text) if m.type in ("error", "warning") and not any(word in m.text for word in self.harmless) else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.open.append(self)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}" if path.startswith("/") else path, wait_until="domcontentloaded")

    def enter(self, link: str) -> None:
        """Follow a one-time link: look, then press."""
        self.go(link)
        self.page.get_by_role("button").click()
        self.page.wait_for_url(lambda url: "/enter/" not in url, wait_until="domcontentloaded")  # what is typed before belongs to the page that goes

    def look(self, name: str, *, full: bool = False, picture: bool = False, within: str = "") -> None:
        """Both lights, axe in each, no word on the console, no page wider than the screen; a picture for the README if asked."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for scheme, rules in (("dark", {"runOnly": ["color-contrast"]}), ("light", {})):  # only colours depend on the light
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.evaluate(SETTLED)
            found = self.page.evaluate("([within, rules]) => axe.run(within || document, {resultTypes: ['violations'], ...rules})", [within, rules])["violations"]
            assert [(v["id"], v["impact"], v["nodes"][0]["target"]) for v in found] == [], f"{name} in {scheme}"
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        assert self.said == [], name
        if picture and SCREENSHOTS is not None:
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            self.page.evaluate("scrollTo(0, 0)")
            write_small(self.page, SCREENSHOTS / f"{name}.png", full=full)
            size = (SCREENSHOTS / f"{name}.png").stat().st_size
            assert size < 200_000, f"{name}.png has {size} bytes"

    def keep(self, name: str) -> None:
        """Pictures for somebody to look at, in both lights, when a folder for them is named (MOMENTS_PICTURES)."""
        folder = os.environ.get("MOMENTS_PICTURES")
        for scheme in ("dark", "light") if folder else ():
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True, caret="initial")

    def my_id(self) -> str:
        return self.page.evaluate("fetch('/v1/me').then(answer => answer.json()).then(me => me.id)")

    def walk_in(self) -> None:
        """Her phone reports the way into the shop and a while inside, with the page's own session."""
        script = """body => fetch("/v1/fixes", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)}).then(a => a.status)"""
        assert self.page.evaluate(script, {"fixes": walk_into_the_shop()}) == 200

    def shows(self) -> str:
        """What stands in the window, for whoever reads that something else was waited for."""
        try:
            text = self.page.locator("body").inner_text(timeout=5_000)
        except Exception as problem:  # noqa: BLE001 - a window that cannot be read is told as that
            text = repr(problem)
        return f"{self.page.url}\n{text[:3_000]}\nconsole: {self.said}"

    def close(self) -> None:
        self.open.remove(self)
        self.context.close()


class Held:
    """Requests of a page that go no further until the test lets them: its `routes`, in the order in which they came."""

    def __init__(self, page: Any, address: str) -> None:
        self._page = page
        self.routes: list[Any] = []
        page.route(address, lambda route: self.routes.append(route))  # noqa: PLW0108 - Playwright marks what it calls, and a built-in cannot be marked

    def come(self, count: int = 1) -> list[Any]:
        """Waits until so many stand here."""
        until(lambda: len(self.routes) >= count, lambda: f"{len(self.routes)} of {count} requests came", self._page)
        return self.routes


def until(done: Callable[[], object], says: Callable[[], object], page: Any = None) -> None:
    """Waits for the thing itself; after a minute it tells what there is instead."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not done():
        assert time.monotonic() < end, says()
        if page is None:
            time.sleep(0.02)
        else:
            page.wait_for_timeout(20)  # lets the browser's news in


def verdict(till: Eyes, code: str) -> None:
    """Waits for the till to say this, and tells what it says instead."""
    expect(till.page.locator("[data-verdict]")).to_have_attribute("data-verdict", code)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test may wait for each of several things as long as that takes a busy machine."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    if report.when == "call" and report.failed:
        report.sections.extend((f"window {n}", eyes.shows()) for n, eyes in enumerate(Eyes.open, 1))


@pytest.fixture
def window(chromium: Any, house_server: Serving) -> Iterator[Callable[..., Eyes]]:
    """`window(PHONE)` or `window(DESKTOP)`: a fresh browser window of that size."""
    opened: list[Eyes] = []

    def make(size: tuple[int, int] = PHONE) -> Eyes:
        opened.append(Eyes(chromium, house_server.url, size))
        return opened[-1]

    yield make
    for eyes in opened:
        eyes.close()


def walk_into_the_shop() -> list[dict[str, Any]]:
    """Jane's walk as documents for POST /v1/fixes, ending now after 100 s in the shop."""
    return [fix_document(at, fix) for at, fix in walked_in(datetime.now(UTC), seed=next(_walks))]


def coupon_of_a_stranger(url: str) -> dict[str, Any]:
    """Somebody else's phone walks in; the coupon she gets."""
    with Phone(url, "A stranger's phone") as phone:
        phone.consent()
        phone.post("/v1/fixes", {"fixes": walk_into_the_shop()})
        here: list[dict[str, Any]] = []
        until(lambda: here.extend(c for c in phone.get("/v1/coupons")["coupons"] if SHOP in c["place_ids"]) or here, lambda: f"no coupon came; {phone.get('/v1/visits')}")
        return here[0]

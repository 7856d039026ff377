"""`moments bench pages`: what Lighthouse says of the pages of a purchase, on a pretended phone with a slow network and processor.

Owns the demo house with a shopper who has an offer and something in her cart, and the reading of the reports. The scores are Lighthouse's own
(its mobile form: simulated throttling); what it looks at is signed in by a cookie, as her browser is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.kernel.errors import AppError

TARGETS = {"performance": 90, "accessibility": 95}
PAGES = {"offer": "/m", "product": "/m/shop/prd_dark_74_bar", "cart": "/m/cart", "checkout": "/m/pay"}
TRIES = 2  # now and then a browser on a busy machine records nothing; Lighthouse then asks to be run again
PATIENCE_S = 240.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --no-first-run"


def pages(names: Sequence[str] = tuple(PAGES)) -> dict[str, Any]:
    """Scores of 100 by page, and the milliseconds behind them."""
    from app.demo.stage import demo_settings, local_peers, prepared_house, served

    node, script, browser = _lighthouse()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, local_peers() as peers:
        house = prepared_house(demo_settings(peers, Path(folder), data_dir=Path(folder) / "data", database_url="", public_url="", port=0, log_level="ERROR"))
        with served(house, peers) as url:
            cookie = _jane(url, house)
            for name in names:
                report = Path(folder) / f"{name}.json"
                command = [
                    node, str(script), f"{url}{PAGES[name]}", "--quiet", "--only-categories=performance,accessibility", "--output=json", f"--output-path={report}",
                    f"--chrome-flags={FLAGS}", f"--extra-headers={json.dumps({'Cookie': cookie})}",
                ]  # fmt: skip
                figures[name] = _read(_run(command, report, {**os.environ, "CHROME_PATH": browser}), PAGES[name])
    reached = all(figures[name][what] >= least for name in names for what, least in TARGETS.items())
    return figures | {"targets": TARGETS, "reached": reached}


def print_lines(figures: dict[str, Any]) -> None:
    """For people."""
    for name in PAGES:
        if name in figures:
            one = figures[name]
            print(f"{name:<10} performance {one['performance']:>3}   accessibility {one['accessibility']:>3}   largest paint {one['largest_paint_ms']:.0f} ms   blocked {one['blocked_ms']:.0f} ms")
    print(f"to reach: performance {TARGETS['performance']}, accessibility {TARGETS['accessibility']}   {'reached' if figures['reached'] else 'not reached'}")


def _lighthouse() -> tuple[str, Path, str]:
    """Node, Lighthouse's program and a browser; AppError says which is missing and what brings it."""
    from app.web.assets import NODE_MODULES

    script = NODE_MODULES / "lighthouse" / "cli" / "index.js"
    node = shutil.which("node", path=f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if node is None or not script.exists():
        raise AppError("Lighthouse is not installed; run `make setup`")
    if browser is None:
        raise AppError("there is no Chromium to look with; on Debian: apt-get install chromium")
    return node, script, browser


def _jane(url: str, house: Any) -> str:
    """Signs in, agrees, walks into the shop until an offer is there, and puts something into her cart; the cookies of her browser."""
    import httpx2 as httpx

    from app.demo.jane import walked_in
    from app.demo.phone import PURPOSES, fix_document
    from app.security.people import make_link
    from app.security.principals import Role

    with house.database.transaction() as session:
        token = make_link(session, Role.SHOPPER, at=house.clock.now(), name="bench")
    with httpx.Client(base_url=url, timeout=30.0, headers={"Sec-Fetch-Site": "same-origin", "Origin": url}) as browser:
        _good(browser.post(f"/enter/{token}"))
        for purpose in PURPOSES:
            _good(browser.put(f"/v1/consents/{purpose}", json={"granted": True}))
        _good(browser.post("/v1/fixes", json={"fixes": [fix_document(at, fix) for at, fix in walked_in(house.clock.now(), seed=7)]}))
        until = time.monotonic() + 60
        while not browser.get("/v1/coupons").json()["coupons"]:
            if time.monotonic() > until:
                raise AppError("no offer came within a minute; run `moments doctor`")
            time.sleep(0.2)
        _good(browser.post("/v1/cart/lines", json={"product_id": "prd_dark_74_bar", "quantity": 1}))
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def _good(answer: Any) -> None:
    if answer.status_code >= 400:
        raise AppError(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}")


def _run(command: Sequence[str], report: Path, environment: dict[str, str]) -> dict[str, Any]:
    said = ""
    for _ in range(TRIES):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # noqa: S603 - our own words
        if done.returncode == 0 and report.exists():
            return json.loads(report.read_text(encoding="utf-8"))
        said = done.stderr
    raise AppError(f"Lighthouse ended without a report: {said.strip()[-500:]}")


def _read(report: dict[str, Any], path: str) -> dict[str, Any]:
    shown = re.sub(r"^https?://[^/]+", "", str(report["finalDisplayedUrl"]))
    if shown != path:
        raise AppError(f"Lighthouse was shown {shown} instead of {path}: its scores say nothing")
    scores = {name: round(category["score"] * 100) for name, category in report["categories"].items()}
    audits = report["audits"]
    return scores | {
        "largest_paint_ms": round(audits["largest-contentful-paint"]["numericValue"]),
        "blocked_ms": round(audits["total-blocking-time"]["numericValue"]),
    }

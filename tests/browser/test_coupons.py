"""The live code on a phone in a real browser: it changes, also without a network, and a picture of it is worthless soon."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from app.security import rotating
from app.security.principals import Role
from offers import coupon_token
from tests.browser.conftest import DESKTOP, PHONE, SETTLED, Eyes, Held, Serving, until, verdict
from tests.browser.test_story import READ_QR, fresh_shopper, qr_on

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

Window = Callable[..., Eyes]


def shows_a_coupon(window: Window, size: tuple[int, int] = PHONE) -> Eyes:
    phone = window(size)
    fresh_shopper(phone)
    phone.walk_in()
    phone.page.get_by_role("link", name="Show code").click()
    phone.page.wait_for_selector("[data-live-left] >> text=/Changes in \\d+ s/")
    return phone


def digits_on(phone: Eyes) -> str:
    return phone.page.locator("[data-live-digits]").inner_text().replace(" ", "")


def read_off(reader: Eyes, phone: Eyes) -> str:
    """What a camera reads there, of the step that it still is when it has been read."""
    while True:
        digits = digits_on(phone)
        [text] = reader.page.evaluate(READ_QR, qr_on(phone))
        if digits == digits_on(phone):
            assert text.endswith(f".{digits}")
            return text


class TestLiveCode:
    def test_looks(self, window: Window) -> None:
        for size, name in ((PHONE, "phone"), (DESKTOP, "desktop")):
            shown = shows_a_coupon(window, size)
            shown.look(f"coupon-live-{name}")
            shown.page.get_by_role("link", name="Does the till read only bars?").click()
            shown.page.wait_for_selector(".bars svg")
            shown.look(f"coupon-bars-{name}")

    def test_the_phone_s_own_code_is_the_one_the_server_expects(self, window: Window) -> None:
        """JavaScript and Python make the same code from the same secret, in the same step."""
        phone = shows_a_coupon(window)
        secret = base64.b64decode(phone.page.locator("[data-live]").get_attribute("data-secret") or "")
        found = rotating.step_made(secret, digits_on(phone), datetime.now(UTC).timestamp())
        assert found is not None
        assert found.good

    def test_it_goes_on_without_a_network_and_is_taken_at_the_till(self, house_server: Serving, window: Window) -> None:
        phone = shows_a_coupon(window)
        phone.context.set_offline(True)
        old = digits_on(phone)
        expect(phone.page.locator("[data-live-digits]")).not_to_have_text(f"{old[:4]} {old[4:]}")
        till = window(DESKTOP)
        till.enter(house_server.link(Role.CLERK))
        text = read_off(till, phone)
        digits = text.rpartition(".")[2]
        shown = coupon_token.read(text)
        assert isinstance(shown, coupon_token.Shown)
        assert shown.claims.benefit_text == "25 % off, up to €10.00"
        secret = base64.b64decode(phone.page.locator("[data-live]").get_attribute("data-secret") or "")
        picture = text.removesuffix(digits) + rotating.live_code(secret, datetime.now(UTC).timestamp() - 60)  # taken a minute ago
        till.page.fill("#code", picture)
        till.page.keyboard.press("Enter")
        till.page.wait_for_selector("[data-verdict=scan_refused] >> text=seconds old")
        till.page.fill("#code", read_off(till, phone))
        till.page.keyboard.press("Enter")
        verdict(till, "redeemed")
        assert till.said == []


GATE = """{
  const sign = SubtleCrypto.prototype.sign;
  window.drawing = 0;
  window.shut = () => { window.gate = new Promise(done => { window.open_gate = done; }); };
  SubtleCrypto.prototype.sign = async function (...all) {
    const gate = window.gate;
    if (all[0] === "HMAC") window.drawing += 1;
    const made = await sign.apply(this, all);
    await gate;
    return made;
  };
}"""
"""Signatures, of live codes and of requests, come when the test opens the gate: a phone as slow as one likes."""
POLL = """new Promise(done => {
  document.addEventListener("htmx:finally:request", () => setTimeout(done), { once: true });
  document.querySelector("#coupon").dispatchEvent(new CustomEvent("every"));
})"""


def draws(page: Any) -> None:
    until(lambda: page.evaluate("window.drawing"), lambda: "no code is made", page)


class TestASlowPhone:
    def test_what_changed_meanwhile_counts(self, window: Window) -> None:
        """Seen to fail: a coupon used while its next code was made (the script fell over), a coupon signed anew that was called too old because
        the last one was, and a press that hit nothing since the page was drawn anew under it."""
        phone = window(PHONE)
        page = phone.page
        page.add_init_script(GATE)
        fresh_shopper(phone)
        phone.walk_in()
        page.get_by_role("link", name="Show code").click()
        draws(page)
        coupon = page.url

        held = Held(page, f"{coupon}*")
        polled = page.evaluate_handle(f"({{ done: {POLL} }})")
        held.come()
        link = page.get_by_role("link", name="Does the till read only bars?")
        link.scroll_into_view_if_needed()
        box = link.bounding_box() or {}
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
        page.mouse.down()
        held.routes[0].continue_()
        polled.evaluate("polled => polled.done")
        page.unroute(f"{coupon}*")
        page.mouse.up()
        page.wait_for_selector(".bars svg")

        phone.go(coupon)
        draws(page)
        page.evaluate("""() => {
          const now = Date.now.bind(Date);
          document.querySelector("[data-live]").dataset.stem = "MM1.SIGNEDANEW";
          Date.now = () => now() + 3 * 86_400_000;
          return new Promise(done => setTimeout(done, 600)); // two ticks
        }""")
        assert page.locator("[data-live][data-over]").count() == 0

        phone.go(coupon)
        draws(page)
        page.evaluate("() => { const now = Date.now.bind(Date); shut(); drawing = 0; Date.now = () => now() + 15_000; }")
        draws(page)
        page.evaluate("document.querySelector('#coupon').replaceChildren(); open_gate()")
        page.evaluate(SETTLED)
        assert phone.said == []


KEPT = """async () => {
  const { signed } = await import("moments/key");
  await signed("/v1/me"); // waits until the key is there and bound
  const opened = request => new Promise((done, failed) => { request.onsuccess = () => done(request.result); request.onerror = () => failed(request.error); });
  const database = await opened(indexedDB.open("moments"));
  const key = await opened(database.transaction("keys").objectStore("keys").get("phone"));
  database.close();
  const out = await Promise.all(["jwk", "pkcs8"].map(form => crypto.subtle.exportKey(form, key.privateKey).then(() => "exported", error => error.name)));
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }))));
  return { extractable: key.privateKey.extractable, out, thumbprint: btoa(String.fromCharCode(...digest)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") };
}"""
BOUND = "JSON.parse(document.getElementById('phone-key').textContent).bound"


def with_a_copied_cookie(phone: Eyes, method: str, path: str) -> tuple[int, str]:
    """What a thief of the session gets elsewhere: (status, text)."""
    [cookie] = [c for c in phone.context.cookies() if c["name"] == "moments_shopper"]
    with httpx.Client(base_url=phone.url, cookies={"moments_shopper": cookie["value"]}) as elsewhere:
        answer = elsewhere.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
    return answer.status_code, answer.text


def wants_another_nonce(route: Any) -> None:
    shown = route.request.headers["dpop"].split(".")[1]
    fresh = json.loads(base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4))).get("nonce") == "next"
    route.fulfill(json={}) if fresh else route.fulfill(status=401, json={}, headers={"DPoP-Nonce": "next"})


class TestKeyOfTheBrowser:
    def test_while_it_is_being_bound_what_is_sent_waits_for_it(self, window: Window) -> None:
        """However long that takes. Seen to fail with a request that was not signed since the page had waited long enough, and was refused for that."""
        phone = window(PHONE)
        phone.context.add_init_script("{ const later = setTimeout; window.setTimeout = (work, ms, ...rest) => later(work, ms === 4000 ? 1 : ms, ...rest); }")
        held = Held(phone.page, "**/v1/sessions/key")
        fresh_shopper(phone)
        answer = held.come()[0].fetch()  # the house has bound it, and the phone does not know yet
        phone.page.evaluate("() => { window.told = import('moments/key').then(({ signed }) => signed('/v1/me/export')).then(answer => answer.status); }")
        phone.page.evaluate("new Promise(done => setTimeout(done, 300))")
        held.routes[0].fulfill(response=answer)
        assert phone.page.evaluate("told") == 200
        assert phone.said == []

    def test_it_stays_in_the_browser_and_a_copied_session_without_it_gets_nothing(self, window: Window) -> None:
        """Nothing is asked of her; the coupon's code, the download and the form that deletes are all signed.

        Seen to fail with the second of two requests at once given up because the first had brought the nonce it was asked for."""
        phone = shows_a_coupon(window)
        kept = phone.page.evaluate(KEPT)
        assert (kept["extractable"], kept["out"]) == (False, ["InvalidAccessError", "InvalidAccessError"])
        phone.page.route("**/v1/me?*", wants_another_nonce)
        both = 'import("moments/key").then(({ signed }) => Promise.all([1, 2].map(n => signed(`/v1/me?${n}`)))).then(answers => answers.map(answer => answer.status))'
        assert phone.page.evaluate(both) == [200, 200]
        bindings: list[str] = []
        phone.page.on("request", lambda request: bindings.append(request.url) if request.url.endswith("/v1/sessions/key") else None)
        phone.page.reload()
        phone.page.wait_for_selector("[data-live-digits]")
        assert phone.page.evaluate(BOUND) == kept["thumbprint"] == phone.page.evaluate(KEPT)["thumbprint"]
        assert bindings == []

        coupon = phone.page.url.removeprefix(phone.url)
        status, page = with_a_copied_cookie(phone, "GET", coupon)
        assert (status, "data-secret" in page, "data-code" in page) == (200, False, False)
        for method, path in (("GET", coupon.replace("/m/", "/v1/") + "/live"), ("GET", "/v1/me/export"), ("POST", "/v1/me/erase")):
            status, text = with_a_copied_cookie(phone, method, path)
            assert (status, "key_not_shown" in text) == (403, True), path

        phone.go("/m/me")
        with phone.page.expect_download() as given:
            phone.page.get_by_role("link", name="Download everything").click()
        assert given.value.suggested_filename == "my-data.json"
        phone.page.get_by_role("button", name="Delete my data").click()
        phone.page.get_by_role("button", name="Delete all").click()
        phone.page.get_by_role("heading", name="Everything is deleted").wait_for()
        phone.page.wait_for_function("indexedDB.databases().then(all => all.length === 0)")
        assert phone.said == []

    def test_where_nothing_can_be_kept_all_goes_on_without(self, window: Window) -> None:
        """As in some private windows."""
        phone = window(PHONE)
        phone.context.add_init_script("Object.defineProperty(window, 'indexedDB', { get: () => { throw new DOMException('no', 'SecurityError'); } })")
        fresh_shopper(phone)
        phone.go("/m/me")
        assert phone.page.evaluate(BOUND) is None
        phone.page.get_by_role("button", name="Delete my data").click()
        phone.page.get_by_role("button", name="Delete all").click()
        phone.page.get_by_role("heading", name="Everything is deleted").wait_for()
        assert phone.said == []

"""The till with no network in a real browser: it judges as the server does, keeps a journal, and every double comes out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.kernel.verdict import Fail
from app.security import key_changes, rotating, signing
from app.security.principals import Role
from offers import coupon_signing, coupon_token, facade
from offers.models import Redemption
from offers.tills import journal
from tests.browser.conftest import (
    DESKTOP,
    HARMLESS,
    PATIENCE_MS,
    PHONE,
    SHOP,
    Eyes,
    Held,
    Serving,
    coupon_of_a_stranger,
    until,
    verdict,
)
from tests.browser.test_coupons import read_off, shows_a_coupon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

Window = Callable[..., Eyes]

JUDGE = """async ({texts, place, nowMs, givenMinor}) => {
  const { judge, against, checkingKey, bundleIsOurs, entryHash } = await import("moments/offline");
  const { bytesOf, hmacKey } = await import("moments/codes");
  const sent = await (await fetch("/v1/till/bundle", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({place_id: place})})).json();
  const bundle = JSON.parse(sent.bundle);
  const keys = await Promise.all(bundle.keys.map(async key => ({
    kid: key.kid, goodUntil: Date.parse(key.good_until), check: await checkingKey(key.x), live: await hmacKey(bytesOf(key.live_key)),
  })));
  const signer = keys.find(key => key.kid === sent.kid);
  const reasons = [];
  for (const text of texts) {
    const judged = await judge(text, nowMs, keys, bundle.step_s);
    const wrong = judged.claims ? await against(judged.claims, nowMs, place, givenMinor) : null;
    reasons.push(judged.reason ?? wrong?.reason ?? `${judged.claims.couponId} ${judged.claims.benefit}`);
  }
  return {
    reasons,
    ours: await bundleIsOurs(signer.check, sent.bundle, bytesOf(sent.signature)),
    changed: await bundleIsOurs(signer.check, sent.bundle.replace('"cap":20', '"cap":99'), bytesOf(sent.signature)),
    hash: await entryHash("0".repeat(64), 1, "redeem", "2026-11-22T12:00:00.000Z", "MM1.A.12345678"),
    with_sum: await entryHash("0".repeat(64), 1, "redeem", "2026-11-22T12:00:00.000Z", "MM1.A.12345678", "2026-11-22T12:00:01.000Z", 490),
  };
}"""


def judged(text: str, at: datetime, place_id: str, given_minor: int | None) -> str:
    found = coupon_token.judge(text, at, coupon_signing.checker(at))
    if isinstance(found, Fail):
        return found.reason
    wrong = coupon_token.against(found.claims, at, place_id, given_minor)
    return wrong[0].reason if wrong else f"{found.claims.coupon_id} {found.claims.benefit_text}"


def open_till(house_server: Serving, window: Window, place_id: str = SHOP) -> Eyes:
    till = window(DESKTOP)
    till.enter(house_server.link(Role.CLERK))
    till.page.select_option("#place", place_id)
    till.page.wait_for_selector("[data-offline-state] >> text=Ready to go on without a network")
    return till


def scan(till: Eyes, text: str, code: str, *, timeout_ms: float = PATIENCE_MS) -> None:
    till.page.fill("#code", text)
    till.page.keyboard.press("Enter")
    expect(till.page.locator("[data-verdict]")).to_have_attribute("data-verdict", code, timeout=timeout_ms)


def besides_the_network(eyes: Eyes) -> Eyes:
    """What htmx says of a request that could not be sent is expected here, from now on too, and nothing else is."""
    eyes.harmless = (*HARMLESS, "Failed to fetch")
    eyes.said[:] = [word for word in eyes.said if "Failed to fetch" not in word]
    return eyes


class TestTwins:
    def texts(self, house_server: Serving, now: datetime) -> list[str]:
        coupon = coupon_of_a_stranger(house_server.url)
        with house_server.house.database.reading() as session:
            kept = facade.live_coupon(session, coupon["id"], device_id="dev_1", at=now, till_offline_most_minor={"EUR": 500})
        assert kept is not None
        secret = base64.b64decode(kept.secret)

        def at(seconds: float) -> str:
            return coupon_token.with_live_code(kept.signed, rotating.live_code(secret, now.timestamp() + seconds))

        good = at(0)
        changed = [good[:k] + ("B" if good[k] == "A" else "A") + good[k + 1 :] for k in range(4, 240, 9)]
        cut = [kept.signed[:k] for k in range(0, len(kept.signed), 11)]
        return [
            good, good.lower(), at(-15), at(15), at(-60), at(60), at(-3600), at(-4000), kept.signed, kept.signed + ".", kept.signed + ".1234",
            coupon["code"], "", "MM1.", "MM1.0189", "MM2" + good[3:], good + "A", *changed, *cut,
        ]  # fmt: skip

    def test_both_say_the_same_of_every_text(self, house_server: Serving, window: Window) -> None:
        till, now = open_till(house_server, window), datetime.now(UTC)
        texts = self.texts(house_server, now)
        for at, minor, some in ((now, 500, texts), (now + timedelta(hours=30), 500, texts), (now - timedelta(minutes=20), 500, texts), (now, 501, texts[:2]), (now, None, texts[:2])):
            given = {"texts": some, "place": SHOP, "nowMs": at.timestamp() * 1000, "givenMinor": minor}
            told: dict[str, Any] = till.page.evaluate(JUDGE, given)
            assert told["reasons"] == [judged(text, at, SHOP, minor) for text in some]
        assert (told["ours"], told["changed"]) == (True, False)
        entry = ("0" * 64, 1, "redeem", "2026-11-22T12:00:00.000Z", "MM1.A.12345678")
        assert (told["hash"], told["with_sum"]) == (journal.entry_hash(*entry), journal.entry_hash(*entry, "2026-11-22T12:00:01.000Z", 490))
        assert till.said == []


class TestWithoutANetwork:
    def test_two_tills_one_coupon_one_use_and_a_double_with_its_name(self, house_server: Serving, window: Window) -> None:
        phone = shows_a_coupon(window, PHONE)
        coupon_id = phone.page.url.split("/")[-1].split("?")[0]
        code = phone.page.locator("[data-code]").inner_text()
        first, second = open_till(house_server, window), open_till(house_server, window, "plc_ooey_gooey_asema")
        reader = window(DESKTOP)  # stands for the camera of both tills: their pages have no network from here on
        reader.enter(house_server.link(Role.CLERK))
        for eyes in (phone, first, second):
            eyes.context.set_offline(True)

        scan(first, code, "needs_network")
        text = read_off(reader, phone)
        scan(first, text, "taken_offline")
        assert first.page.locator(".verdict .benefit").inner_text() == "25 % off, up to €10.00"
        first.page.locator("#undo").click()
        first.page.wait_for_selector("[data-verdict=undone]")
        text = read_off(reader, phone)
        scan(first, text, "taken_offline")
        besides_the_network(first).look("till-taken-offline")
        scan(first, text, "coupon_already_redeemed")
        scan(second, text, "taken_offline")

        first.context.set_offline(False)
        first.page.wait_for_selector("[data-offline-state][data-waiting='0']")
        assert first.page.locator("[data-offline-findings]").is_hidden()
        second.context.set_offline(False)
        second.page.wait_for_selector("[data-offline-findings] [data-outcome=double]")
        besides_the_network(second).look("till-double")
        with house_server.house.database.reading() as session:
            standing = (Redemption.coupon_id == coupon_id, Redemption.undone_at.is_(None))
            assert session.scalar(select(func.count()).select_from(Redemption).where(*standing)) == 1
            undone = (Redemption.coupon_id == coupon_id, Redemption.undone_at.is_not(None))
            assert session.scalar(select(func.count()).select_from(Redemption).where(*undone)) == 1


class TestTheSum:
    def test_is_asked_for_where_a_coupon_could_take_off_much(self, house_server: Serving, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
        """As much as five euro without a network; the clerk says what it is, and that is what the use costs.

        The last is on its way when the network goes, and the scanner types the next by then: that which was sent is taken.

        Planted bugs this was seen to fail on: the sum judged by the till and not told to the house; what stood in the field taken for what was sent.
        """
        monkeypatch.setitem(house_server.house.settings.offers.till_offline_most_minor, "EUR", 500)
        phone = shows_a_coupon(window, PHONE)
        reader = window(DESKTOP)
        reader.enter(house_server.link(Role.CLERK))
        till = open_till(house_server, window)
        till.context.set_offline(True)
        for typed, code in (("", "sum_needed"), ("5,01", "only_with_network")):
            till.page.fill("#discount", typed)
            scan(till, read_off(reader, phone), code)
            assert till.page.evaluate("document.activeElement.id") == ("discount" if code == "sum_needed" else "code")
        held = Held(till.page, "**/till/redeem")
        till.page.fill("#discount", "4.90")
        till.page.fill("#code", read_off(reader, phone))
        till.page.keyboard.press("Enter")
        held.come()
        till.page.keyboard.type("MM1.AE")
        held.routes[0].abort("internetdisconnected")
        verdict(till, "taken_offline")
        assert (till.page.evaluate("document.activeElement.id"), till.page.input_value("#code")) == ("code", "MM1.AE")
        assert till.page.input_value("#discount") == ""
        till.context.set_offline(False)
        till.page.wait_for_selector("[data-offline-state][data-waiting='0']")
        assert till.page.locator("[data-offline-findings]").is_hidden()
        with house_server.house.database.reading() as session:
            use = session.scalars(select(Redemption).order_by(Redemption.id.desc()).limit(1)).one()
            assert use.discount_minor == 490

    def test_a_scanner_that_types_into_it_has_scanned(self, house_server: Serving, window: Window) -> None:
        """The clerk is where she typed the sum, the scanner types there and ends with Enter: seen to fail with a sum that took it all."""
        till = open_till(house_server, window)
        till.page.focus("#discount")
        for key in "4.90":
            till.page.keyboard.press(key)
            till.page.wait_for_timeout(60)  # people are slower than scanners
        till.page.keyboard.type("MM1.AE3")
        assert (till.page.input_value("#discount"), till.page.input_value("#code")) == ("4.90", "MM1.AE3")
        till.page.keyboard.press("Enter")
        till.page.wait_for_selector("[data-verdict=scan_refused]")
        assert till.page.input_value("#discount") == "4.90"  # it is made again with it
        till.look("till-sum")


class TestAKeyThatLeaked:
    def test_till_and_phone_go_on_with_the_next_one(self, house_server: Serving, window: Window) -> None:
        """Ended while the till has no network: it goes on with what it knows, and refuses as soon as it has been back.

        Seen to fail on a busy machine with a phone that put its last picture, of the key that is gone, onto the page signed anew.
        """
        phone = shows_a_coupon(window, PHONE)
        till = open_till(house_server, window)
        reader = window(DESKTOP)
        reader.enter(house_server.link(Role.CLERK))
        stem = phone.page.locator("[data-live]").get_attribute("data-stem") or ""
        secret = base64.b64decode(phone.page.locator("[data-live]").get_attribute("data-secret") or "")
        house = house_server.house
        with house.database.transaction() as session:
            key = signing.checking_key(coupon_signing.PURPOSE, house.clock.now())
            key_changes.revoke(session, house.settings.data_dir, coupon_signing.PURPOSE, key.id.hex(), by="test", why="it leaked", at=house.clock.now())

        def old() -> str:
            return stem + rotating.live_code(secret, datetime.now(UTC).timestamp())

        scan(till, old(), "scan_refused")
        assert till.page.locator(".verdict h2").inner_text() == "Open it again"
        till.page.reload()
        till.page.wait_for_selector("[data-offline-state] >> text=Ready to go on without a network")
        till.context.set_offline(True)
        scan(till, old(), "signed_code_key_revoked")
        expect(phone.page.locator("[data-live]")).not_to_have_attribute("data-stem", stem)  # by itself, within seconds
        until(lambda: self._taken(till, read_off(reader, phone)), till.shows)
        till.context.set_offline(False)
        till.page.wait_for_selector("[data-offline-state][data-waiting='0']")
        assert till.page.locator("[data-offline-findings]").is_hidden()

    def _taken(self, till: Eyes, text: str) -> bool:
        """A page that was asked for before the key was gone may still come, signed with it; the one after it is not."""
        try:
            scan(till, text, "taken_offline", timeout_ms=10_000)
        except AssertionError:
            expect(till.page.locator("[data-verdict]")).to_have_attribute("data-verdict", "signed_code_key_revoked")
            return False
        return True


class TestAClockThatIsWrong:
    @pytest.mark.parametrize(("minutes", "words"), [(10, "10 minutes ahead"), (-10, "10 minutes behind")])
    def test_it_is_said_and_put_right(self, house_server: Serving, window: Window, minutes: int, words: str) -> None:
        phone = shows_a_coupon(window, PHONE)
        reader = window(DESKTOP)
        reader.enter(house_server.link(Role.CLERK))
        till = window(DESKTOP)
        till.context.add_init_script(f"{{ const now = Date.now.bind(Date); Date.now = () => now() + {minutes} * 60000; }}")
        till.enter(house_server.link(Role.CLERK))
        till.page.select_option("#place", SHOP)
        till.page.wait_for_selector(f"[data-offline-clock] >> text={words}")
        till.look(f"till-clock-{'ahead' if minutes > 0 else 'behind'}")
        till.context.set_offline(True)
        begun = datetime.now(UTC)
        scan(till, read_off(reader, phone), "taken_offline")
        till.context.set_offline(False)
        till.page.wait_for_selector("[data-offline-state][data-waiting='0']")
        assert till.page.locator("[data-offline-findings]").is_hidden()
        with house_server.house.database.reading() as session:
            use = session.scalars(select(Redemption).order_by(Redemption.id.desc()).limit(1)).one()
            assert begun - timedelta(minutes=1) < use.redeemed_at < datetime.now(UTC) + timedelta(minutes=1)

    def test_set_wrong_after_the_network_was_lost_it_is_the_till_that_is_named(self, house_server: Serving, window: Window) -> None:
        """Seen to fail with the live code's own reason: the clerk was told that the shopper showed a picture."""
        phone = shows_a_coupon(window, PHONE)
        reader = window(DESKTOP)
        reader.enter(house_server.link(Role.CLERK))
        till = open_till(house_server, window)
        till.context.set_offline(True)
        till.page.evaluate("{ const now = Date.now.bind(Date); Date.now = () => now() + 600000; }")
        scan(till, read_off(reader, phone), "till_clock_ahead")


RUNNING = """async () => {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise(done => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
}"""
KEPT_BY_THE_WORKER = """async () => {
  const [name] = (await caches.keys()).filter(key => key.startsWith("moments-till-"));
  return (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname);
}"""


class TestReloadedWithoutANetwork:
    def test_it_starts_again_takes_a_coupon_and_tells_it_later(self, house_server: Serving, window: Window) -> None:
        phone = shows_a_coupon(window, PHONE)
        coupon_id = phone.page.url.split("/")[-1].split("?")[0]
        till = open_till(house_server, window, "plc_ooey_gooey_asema")
        reader = window(DESKTOP)
        reader.enter(house_server.link(Role.CLERK))
        till.page.evaluate(RUNNING)
        loaded = till.page.evaluate("performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)")
        till.context.set_offline(True)

        till.page.reload(wait_until="domcontentloaded")
        till.page.wait_for_selector("[data-offline-state] >> text=Ready to go on without a network")
        assert till.page.input_value("#place") == "plc_ooey_gooey_asema"
        besides_the_network(till).look("till-reloaded-offline")
        text = read_off(reader, phone)
        scan(till, text, "taken_offline")
        till.page.reload(wait_until="domcontentloaded")  # what was taken is still there, and not taken twice
        till.page.wait_for_selector("[data-offline-state][data-waiting='1']")
        scan(till, text, "coupon_already_redeemed")

        elsewhere = open_till(house_server, window)  # another store, with a network, a moment later
        scan(elsewhere, read_off(reader, phone), "redeemed")
        till.context.set_offline(False)
        till.page.wait_for_selector("[data-offline-findings] [data-outcome=double]")
        with house_server.house.database.reading() as session:
            standing = (Redemption.coupon_id == coupon_id, Redemption.undone_at.is_(None))
            assert session.scalar(select(func.count()).select_from(Redemption).where(*standing)) == 1
        kept = till.page.evaluate(KEPT_BY_THE_WORKER)
        files = {path for path in loaded if path.startswith("/assets/")}
        assert files <= set(kept)
        assert {path for path in kept if not path.startswith("/assets/")} == {"/till"}  # no answer about a coupon

    def test_who_is_signed_out_has_no_page_to_start_from(self, house_server: Serving, window: Window) -> None:
        """Seen to fail with a worker that kept the page whatever came back: a till that was signed out opened again offline."""
        till = open_till(house_server, window)
        till.page.evaluate(RUNNING)
        till.context.clear_cookies()

        def shut() -> bool:
            till.page.reload(wait_until="domcontentloaded")
            return till.page.locator("#scan").count() == 0

        until(shut, till.shows)  # a house that is slow to answer is a lost network: then it is the kept page once more
        assert "/till" not in till.page.evaluate(KEPT_BY_THE_WORKER)

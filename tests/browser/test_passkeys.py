"""Passkeys on the phone's pages, in a real browser with Chromium's virtual authenticator: make, come in, be asked and go on by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.security import stepup
from app.security.policies.contracts import Acr
from app.web.shopper import endpoints as pages
from tests.browser.conftest import Eyes, Serving

Windows = Callable[..., Eyes]


def _with_a_finger(eyes: Eyes, key: dict[str, Any] | None = None) -> tuple[Any, str]:
    """Give the window an authenticator that verifies its user; with `key`, one that holds this passkey already."""
    eyes.url = eyes.url.replace("127.0.0.1", "localhost")
    devtools = eyes.context.new_cdp_session(eyes.page)
    devtools.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"]
    if key is not None:
        devtools.send("WebAuthn.addCredential", {"authenticatorId": made, "credential": key})
    return devtools, made


def _arrive(eyes: Eyes) -> None:
    eyes.go("/m")
    eyes.page.get_by_role("button", name="Start with my choice").click()
    eyes.page.wait_for_selector("#now")


def _make(eyes: Eyes) -> None:
    eyes.go("/m/me")
    eyes.page.get_by_role("button", name="Use this phone's fingerprint or face").click()
    eyes.page.wait_for_selector("#passkeys li")


@pytest.fixture
def asking(house_server: Serving, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """`asking("set_consent")`: from now on this use case of the page asks for a finger; the list of what was really done."""

    def begin(name: str) -> list[str]:
        work, done = getattr(pages, name), list[str]()

        def guarded(session: Session, shopper_id: str, *rest: Any, **more: Any) -> Any:
            with house_server.house.database.reading() as look:
                device = _device_of(look, shopper_id)
                stepup.require(look, device, Acr.PASSKEY, 300, house_server.house.clock.now())
            done.append(shopper_id)
            return work(session, shopper_id, *rest, **more)

        monkeypatch.setattr(pages, name, guarded)
        return done

    return begin


def _device_of(session: Session, shopper_id: str) -> Any:
    from sqlalchemy import select

    from app.security.models import SessionRow
    from app.security.principals import Principal, Role

    session_id = session.scalars(select(SessionRow.id).where(SessionRow.shopper_id == shopper_id).order_by(SessionRow.id.desc()).limit(1)).one()
    return Principal(Role.SHOPPER, shopper_id, session_id=session_id)


def _forget(server: Serving, eyes: Eyes) -> str:
    shopper_id = eyes.my_id()
    with server.house.database.transaction() as session:
        stepup.forget(session, shopper_id=shopper_id)
    return shopper_id


class TestPasskeys:
    def test_made_named_and_removed_with_a_finger(self, window: Windows, house_server: Serving) -> None:
        eyes = window()
        devtools, authenticator = _with_a_finger(eyes)
        _arrive(eyes)
        _make(eyes)
        eyes.look("passkeys")
        [key] = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
        assert (key["rpId"], key["isResidentCredential"]) == ("localhost", True)
        eyes.page.get_by_label("Name", exact=True).fill("Blue phone")
        eyes.page.get_by_role("button", name="Rename").click()
        eyes.page.get_by_role("button", name="Remove Blue phone").wait_for()
        _forget(house_server, eyes)
        eyes.page.get_by_role("button", name="Remove Blue phone").click()  # asks for the finger, then removes by itself
        eyes.page.get_by_text("None yet. You are not asked").wait_for()
        counted = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"][0]["signCount"]
        assert counted > key["signCount"]

    def test_come_in_on_another_phone_without_a_name(self, window: Windows) -> None:
        first, second = window(), window()
        devtools, authenticator = _with_a_finger(first)
        _arrive(first)
        _make(first)
        [key] = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
        _with_a_finger(second, key)
        second.go("/m")
        second.page.get_by_role("button", name="come in with a passkey").click()
        second.page.wait_for_selector("#now")
        assert second.my_id() == first.my_id()

    def test_without_her_finger_nothing_is_made(self, window: Windows) -> None:
        eyes = window()
        devtools, authenticator = _with_a_finger(eyes)
        devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
        _arrive(eyes)
        eyes.go("/m/me")
        eyes.page.get_by_role("button", name="Use this phone's fingerprint or face").click()
        eyes.page.get_by_text("Nothing was changed.").wait_for()
        assert eyes.page.evaluate("fetch('/v1/passkeys').then(a => a.json())") == {"passkeys": []}


class TestStepUp:
    def test_a_switch_that_asks_goes_on_by_itself_under_the_same_key(self, window: Windows, house_server: Serving, asking: Callable[[str], list[str]]) -> None:
        eyes = window()
        _with_a_finger(eyes)
        _arrive(eyes)
        _make(eyes)
        shopper_id = _forget(house_server, eyes)
        done, keys = asking("set_consent"), list[str]()
        eyes.page.on("request", lambda request: keys.append(request.headers.get("idempotency-key", "")) if "/consents/" in request.url else None)
        eyes.page.locator("[data-purpose=analytics]").check(force=True)
        eyes.page.locator("#consent-switches").get_by_text("Allowed").first.wait_for()
        assert done == [shopper_id]
        assert len(keys) == 2
        assert keys[0] == keys[1] != ""

    def test_a_form_is_held_until_she_has_shown_it_is_her(self, window: Windows, house_server: Serving, asking: Callable[[str], list[str]]) -> None:
        eyes = window()
        _with_a_finger(eyes)
        _arrive(eyes)
        _make(eyes)
        shopper_id = _forget(house_server, eyes)
        done = asking("erase")
        eyes.page.get_by_role("button", name="Delete my data").click()
        eyes.page.get_by_role("button", name="Delete all").click()
        eyes.page.get_by_role("heading", name="Is it you?").wait_for()
        assert done == []
        eyes.look("proof")
        eyes.page.get_by_role("button", name="Fingerprint or face").click()
        eyes.page.get_by_role("heading", name="Is it you?").wait_for(state="detached")
        assert done == [shopper_id]


class TestContacts:
    def test_the_first_goes_on_after_the_finger_and_a_change_right_after_is_not_asked(self, window: Windows, house_server: Serving) -> None:
        eyes = window()
        _with_a_finger(eyes)
        _arrive(eyes)
        _make(eyes)
        shopper_id = _forget(house_server, eyes)
        eyes.go("/m/contacts")
        for value in ("jane@example.org", "new@example.org"):
            eyes.page.get_by_label("An e-mail address").fill(value)
            eyes.page.get_by_role("button", name="Send a code").click()
            if value.startswith("jane"):
                eyes.page.get_by_role("heading", name="Is it you?").wait_for()
                eyes.page.get_by_role("button", name="Fingerprint or face").click()
            letter = eyes.page.get_by_text("would have been sent").inner_text()
            eyes.page.get_by_label("The code").fill(re.findall(r"sent: ([0-9]{6})", letter)[0])
            eyes.page.get_by_role("button", name="Confirm").click()
            eyes.page.get_by_text(f"{value[0]}…@example.org").first.wait_for()
        eyes.page.get_by_role("button", name="Remove n…@example.org").click()  # the finger of a moment ago will do
        eyes.page.get_by_text("None yet. With one").wait_for()
        assert shopper_id == eyes.my_id()

"""The phone: nothing agreed beforehand, offers and reasons of her own alone, switches that work at once, and a way out."""

from __future__ import annotations

import re

import pytest

from app.privacy.consents import consents
from app.privacy.purposes import Purpose
from app.security.cookies import cookie_name
from app.security.principals import Role
from offers.settings import OfferSettings
from tests.app.web.conftest import Browser, Town


def live(town: Town, shopper_id: str) -> list[str]:
    with town.house.database.reading() as session:
        return [view.purpose for view in consents(session, shopper_id, town.clock.now()) if view.live]


def newcomer(town: Town, form: dict[str, str]) -> Browser:
    """A browser that was never here answers the welcome page."""
    return newcomer_of(town.browser(), form)


def newcomer_of(browser: Browser, form: dict[str, str]) -> Browser:
    answer = browser.post("/m/start", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/m")
    me = browser.client.get("/v1/me").json()
    return Browser(browser.client, me["id"], me["device_id"])


class TestWelcome:
    def test_looking_makes_nobody_a_shopper(self, town: Town) -> None:
        answer = town.browser().get("/m")
        assert "set-cookie" not in answer.headers
        assert " checked" not in answer.text

    def test_only_what_was_ticked(self, town: Town) -> None:
        shopper = newcomer(town, {"answer": "chosen", "location": "on", "analytics": "on"})
        assert live(town, shopper.id) == ["location", "analytics"]
        assert "For you, here" in shopper.get("/m").text

    def test_nothing_ticked_is_an_answer_too(self, town: Town) -> None:
        shopper = newcomer(town, {"answer": "chosen"})
        assert live(town, shopper.id) == []
        text = shopper.get("/m").text
        assert "You have not allowed us to choose offers for you" in text
        assert "no shop visit is noticed" in text

    def test_all_four(self, town: Town) -> None:
        assert live(town, newcomer(town, {"answer": "all"}).id) == ["location", "personalisation", "marketing_push", "analytics"]

    def test_a_shopper_who_never_answered_is_asked(self, town: Town) -> None:
        assert 'id="start"' in town.browser(Role.SHOPPER, consents=()).get("/m").text

    def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(self, town: Town) -> None:
        cookie = town.browser().post("/m/start", {"answer": "all"}).headers["set-cookie"]
        assert cookie.startswith(cookie_name(Role.SHOPPER))
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie


class TestOffers:
    def test_a_card_with_benefit_and_countdown(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        assert "No offer right now" in shopper.get("/m").text
        coupon = town.coupon(shopper)
        for path in ("/m", "/m/offers"):
            text = shopper.get(path).text
            assert f'data-coupon="{coupon.id}"' in text
            assert "25 % off, up to €10.00" in text
            assert "4 h 00 min left" in text
            assert coupon.code not in text  # the code is shown on its own page, for the till

    def test_fewer_like_this_keeps_the_coupon(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        text = shopper.post(f"/m/coupons/{coupon.id}/fewer", htmx=True).text
        assert "Noted: fewer like this" in text
        assert coupon.id in text

    def test_why_in_plain_words(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        text = shopper.get(f"/m/why/{coupon.decision_id}").text
        assert "You got this because you walked into Ooey Gooey Kluuvi at" in text
        assert "<code>consent_given</code>" in text


class TestAnothersThings:
    def test_do_not_exist(self, town: Town) -> None:
        coupon = town.coupon(town.browser(Role.SHOPPER))
        other = town.browser(Role.SHOPPER)
        for path in (f"/m/coupons/{coupon.id}", f"/m/why/{coupon.decision_id}", f"/explain/{coupon.id}", "/m/orders/ord_none", "/m/shop/prd_none"):
            assert other.get(path).status_code == 404, path
        assert other.post(f"/m/coupons/{coupon.id}/fewer", htmx=True).status_code == 404
        assert "data-coupon" not in other.get(f"/m/shop?coupon={coupon.id}").text
        assert "is in your cart: 25" not in other.get("/m/shop").text


def choose(town: Town, monkeypatch: pytest.MonkeyPatch, offers: OfferSettings) -> None:
    monkeypatch.setattr(town.house, "settings", town.house.settings.model_copy(update={"offers": offers}))


class TestCoupon:
    def test_code_and_picture(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        answer = shopper.get(f"/m/coupons/{coupon.id}")
        assert coupon.code in answer.text
        assert "<svg xmlns" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert coupon.code not in shopper.get("/m/wallet").text

    def test_as_a_gs1_coupon_where_the_house_has_a_company_prefix(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        path = f"/m/coupons/{coupon.id}"
        assert "form=gs1" not in shopper.get(path).text
        assert shopper.get(f"{path}?form=gs1").status_code == 404
        choose(town, monkeypatch, OfferSettings(gs1_company_prefix="6400001"))
        assert "form=gs1" in shopper.get(path).text
        assert re.search(r"data-code[^>]*>\(8112\)016400001\d{6}9\d{15}</p>", shopper.get(f"{path}?form=gs1").text)

    def test_one_that_counts_only_live_says_so_and_has_no_other_form(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        path = f"/m/coupons/{coupon.id}"
        assert "a picture of it is worth nothing" not in shopper.get(path).text
        choose(town, monkeypatch, OfferSettings(gs1_company_prefix="6400001", live_code_above_minor={"EUR": 999}))
        assert "a picture of it is worth nothing" in shopper.get(path).text
        assert shopper.get(f"{path}?form=gs1").status_code == 404


class TestMyData:
    def test_a_switch_works_at_once(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        text = shopper.post("/m/me/consents/location", {}, htmx=True).text
        assert "Withdrawn 21 November 2026" in text
        assert live(town, shopper.id) == [p.value for p in Purpose if p is not Purpose.LOCATION]
        shopper.post("/m/me/consents/location", {"granted": "yes"})
        assert "location" in live(town, shopper.id)

    def test_each_purpose_says_what_it_covers_and_has_its_receipt(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        text = shopper.get("/m/me").text
        for purpose in Purpose:
            assert f'href="/v1/consents/{purpose}/receipt"' in text
        assert "where you were, within 500 m, and in which shop" in text
        assert "Positions about a day, sealed; visits 90 days." in text
        assert shopper.get("/v1/consents/location/receipt").json()["record"]["pii_principal_id"] == shopper.id

    def test_under_age_locks_the_switches_and_says_why(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        assert shopper.post("/m/me/age", {"birth_year": "2012"}).headers["location"] == "/m/me"
        text = shopper.get("/m/me").text
        assert live(town, shopper.id) == ["analytics", "aftercare", "order_news"]
        assert re.findall(r'data-because="(\w+)"', text) == [p.value for p in Purpose if p not in (Purpose.ANALYTICS, Purpose.AFTERCARE, Purpose.ORDER_NEWS)]
        assert text.count(" disabled") == len(Purpose) - 3
        assert 'name="birth_year"' not in text
        assert shopper.post("/m/me/age", {"birth_year": "1"}).status_code == 422

    def test_a_browser_with_the_privacy_signal_is_obeyed_and_told(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        text = shopper.get("/m/me", headers={"Sec-GPC": "1"}).text
        assert live(town, shopper.id) == ["location", "aftercare", "order_news"]
        assert text.count("(Global Privacy Control)") == len(Purpose) - 3
        assert "(Global Privacy Control)" not in shopper.get("/m/me").text
        stranger = town.browser()
        stranger.client.headers["Sec-GPC"] = "1"
        assert stranger.get("/m").text.count(" disabled") == 3
        assert live(town, newcomer_of(stranger, {"answer": "all"}).id) == ["location"]

    def test_an_unknown_purpose_is_named(self, town: Town) -> None:
        assert town.browser(Role.SHOPPER).post("/m/me/consents/selling", {"granted": "yes"}).status_code == 422

    def test_deleting_shows_a_receipt_and_forgets_the_browser(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        answer = shopper.post("/m/me/delete")
        assert "Everything is deleted" in answer.text
        assert "era_" in answer.text
        assert f'{cookie_name(Role.SHOPPER)}=""' in answer.headers["set-cookie"]
        assert shopper.get(f"/m/coupons/{coupon.id}").status_code == 303  # to the welcome: nobody is known here

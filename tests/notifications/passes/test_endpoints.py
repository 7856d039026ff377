"""A coupon in a wallet: signed, hers alone, true to its state whenever the wallet asks, and worth no more than paper.

Seen to fail on: a pass of a valuable coupon with its code on it; a token of one pass that opened another; stores on the pass of somebody who
had not agreed to be called.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import update

from app.kernel.clock import ManualClock
from app.privacy.purposes import Purpose
from app.security.models import SessionRow, ShopperRow
from app.security.principals import Role
from app.security.sessions import open_session
from notifications.channel_settings import ChannelSettings
from notifications.passes.showing import token_of
from offers.models import CouponRow
from offers.settings import OfferSettings
from tests.app.security.proofs import PhoneKey
from tests.conftest import START
from tests.notifications.passes.conftest import ORIGIN, PASS_TYPE, UUID, House, papers

Files = dict[str, bytes]


def opened(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def said(content: bytes) -> dict[str, Any]:
    return json.loads(opened(content)["pass.json"])


class TestApplePass:
    def test_a_package_whose_signature_openssl_verifies(self, house: House, tmp_path: Path) -> None:
        jane, headers = house.shopper(Purpose.MARKETING_PUSH)
        coupon = house.coupon(jane)
        answer = house.client.get(f"/v1/coupons/{coupon.id}/passes/apple", headers=headers)
        assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "application/vnd.apple.pkpass", "no-store")
        files = opened(answer.content)
        assert set(files) == {"pass.json", "icon.png", "icon@2x.png", "icon@3x.png", "manifest.json", "signature"}
        assert json.loads(files["manifest.json"]) == {n: hashlib.sha1(c).hexdigest() for n, c in files.items() if n not in ("manifest.json", "signature")}
        for name in ("manifest.json", "signature"):
            (tmp_path / name).write_bytes(files[name])
        (tmp_path / "ca.pem").write_bytes(papers(house.channels))
        verify = ["openssl", "smime", "-verify", "-inform", "DER", "-binary", "-in", "signature", "-content", "manifest.json", "-noverify", "-certfile", "ca.pem"]
        done = subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, files["manifest.json"]), done.stderr

        document = json.loads(files["pass.json"])
        assert (document["serialNumber"], document["passTypeIdentifier"], document["voided"]) == (coupon.id, PASS_TYPE, False)
        assert [b["message"] for b in document["barcodes"]] == [coupon.code]
        assert (document["webServiceURL"], document["authenticationToken"]) == (f"{ORIGIN}/wallet/apple", token_of(coupon.id))
        assert {round(one["latitude"], 3) for one in document["locations"]} == {60.17, 60.168, 35.67}
        assert [(b["proximityUUID"], b["major"], b["minor"]) for b in document["beacons"]] == [(UUID, 1, 2)]
        assert document["relevantDate"] < document["expirationDate"]

    def test_without_her_consent_it_does_not_call_her(self, house: House) -> None:
        jane, headers = house.shopper()
        document = said(house.client.get(f"/v1/coupons/{house.coupon(jane).id}/passes/apple", headers=headers).content)
        assert {"locations", "beacons", "relevantDate"} & set(document) == set()
        assert document["barcodes"]

    def test_worth_no_more_than_paper(self, house: House, merchant: ChannelSettings) -> None:
        valuable = House(house.database, merchant, OfferSettings(four_eyes=False, live_code_above_minor={"EUR": 100}))  # type: ignore[call-arg]
        jane, headers = house.shopper(Purpose.MARKETING_PUSH)
        coupon = house.coupon(jane)
        content = valuable.client.get(f"/v1/coupons/{coupon.id}/passes/apple", headers=headers).content
        assert "barcodes" not in said(content)
        assert coupon.code.encode() not in opened(content)["pass.json"]
        assert "code that changes" in json.dumps(said(content))
        link = valuable.client.get(f"/v1/coupons/{coupon.id}/passes/google", headers=headers).headers["location"]
        assert "barcode" not in _google(valuable, link)

    def test_anothers_or_none(self, house: House) -> None:
        (jane, _), (_, joe) = house.shopper(), house.shopper()
        coupon = house.coupon(jane)
        asked = [house.client.get(f"/v1/coupons/{i}/passes/{wallet}", headers=joe) for i in (coupon.id, "cpn_none") for wallet in ("apple", "google")]
        assert [answer.status_code for answer in asked] == [404] * 4
        assert len({json.dumps({k: v for k, v in answer.json().items() if k != "instance"}) for answer in asked}) == 1

    @pytest.mark.parametrize(("wallet", "given"), [("apple", 200), ("google", 303)])
    def test_not_to_a_copied_cookie(self, house: House, wallet: str, given: int) -> None:
        """The code stands on it. Seen to fail where a pass was made for any session of hers."""
        shopper_id, _ = house.shopper()
        coupon, key = house.coupon(shopper_id), PhoneKey()
        with house.database.transaction() as session:
            made = open_session(session, Role.SHOPPER, at=START, ttl_s=3600, shopper_id=shopper_id)
            session.execute(update(SessionRow).where(SessionRow.id == made.id).values(key_thumbprint=key.thumbprint, key_seen_at=START))
        path, cookie = f"/v1/coupons/{coupon.id}/passes/{wallet}", f"moments_shopper={made.token}"
        copied = house.client.get(path, headers={"Cookie": cookie})
        assert (copied.status_code, copied.json()["reasons"]) == (403, ["key_not_shown"])
        proof = key.proof("GET", f"http://testserver{path}", START.timestamp(), token=made.token)
        assert house.client.get(path, headers={"Cookie": f"{cookie}; moments_proof={proof}"}).status_code == given

    def test_where_no_wallet_is_set_up(self, house: House) -> None:
        plain = House(house.database, ChannelSettings(), house.offers)  # type: ignore[call-arg]
        jane, headers = house.shopper()
        coupon = house.coupon(jane)
        answers = [plain.client.get(f"/v1/coupons/{coupon.id}/passes/{wallet}", headers=headers) for wallet in ("apple", "google")]
        assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "wallet_not_configured")] * 2
        assert plain.client.get(f"/wallet/apple/v1/passes/{PASS_TYPE}/{coupon.id}", headers={"Authorization": f"ApplePass {token_of(coupon.id)}"}).status_code == 404


def _google(house: House, link: str) -> dict[str, Any]:
    key = RSAKey.import_key(json.loads(Path(house.channels.google_wallet_account_path).read_text())["private_key"])
    claims = jwt.decode(link.rpartition("/")[2], key, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["typ"], claims["origins"]) == ("passes@shop.example", "google", "savetowallet", [ORIGIN])
    [offer] = claims["payload"]["offerObjects"]
    return offer


class TestGooglePass:
    def test_a_link_signed_with_the_account(self, house: House) -> None:
        jane, headers = house.shopper(Purpose.MARKETING_PUSH)
        coupon = house.coupon(jane)
        answer = house.client.get(f"/v1/coupons/{coupon.id}/passes/google", headers=headers)
        assert (answer.status_code, answer.headers["location"].startswith("https://pay.google.com/gp/v/save/")) == (303, True)
        offer = _google(house, answer.headers["location"])
        assert (offer["id"], offer["classId"], offer["state"]) == (f"3388000000000000000.{coupon.id}", "3388000000000000000.offer", "ACTIVE")
        assert (offer["barcode"]["value"], len(offer["locations"])) == (coupon.code, 3)


class TestNewestPass:
    def _asked(self, house: House, serial: str, token: str, pass_type: str = PASS_TYPE) -> Any:
        return house.client.get(f"/wallet/apple/v1/passes/{pass_type}/{serial}", headers={"Authorization": token})

    @pytest.mark.parametrize(
        ("state", "words"), [("redeemed", "has been used"), ("revoked", "taken back"), ("expired", "has ended"), ("reserved", "being paid"), ("frozen", "phone is safe"), ("late", "has ended")]
    )
    def test_void_once_it_cannot_be_used(self, house: House, clock: ManualClock, state: str, words: str) -> None:
        jane, _ = house.shopper(Purpose.MARKETING_PUSH)
        coupon, token = house.coupon(jane), ""
        token = f"ApplePass {token_of(coupon.id)}"
        assert said(self._asked(house, coupon.id, token).content)["voided"] is False
        with house.database.transaction() as session:
            if state == "frozen":
                session.execute(update(ShopperRow).where(ShopperRow.id == jane).values(frozen_why="device"))
            elif state != "late":
                session.execute(update(CouponRow).where(CouponRow.id == coupon.id).values(state=state))
        if state == "late":
            clock.advance(timedelta(days=2).total_seconds())
        document = said(self._asked(house, coupon.id, token).content)
        assert (document["voided"], "barcodes" in document, "locations" in document) == (True, False, False)
        assert words in json.dumps(document["coupon"]["backFields"])

    def test_forged_and_foreign_proofs_open_nothing(self, house: House) -> None:
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        right = token_of(coupon.id)
        wrong = ["", right, f"Bearer {right}", f"ApplePass {token_of('cpn_other')}", f"ApplePass {right[:-1]}0", "ApplePass \x7f"]
        answers = [self._asked(house, coupon.id, token) for token in wrong] + [self._asked(house, coupon.id, f"ApplePass {right}", "pass.other")]
        assert [(a.status_code, a.json()["code"]) for a in answers] == [(401, "pass_refused")] * 7
        assert self._asked(house, "cpn_none", f"ApplePass {token_of('cpn_none')}").status_code == 404

    def test_a_wallet_registers_and_nothing_of_it_is_kept(self, house: House) -> None:
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        path, headers = f"/wallet/apple/v1/devices/d1/registrations/{PASS_TYPE}", {"Authorization": f"ApplePass {token_of(coupon.id)}"}
        assert house.client.post(f"{path}/{coupon.id}", json={"pushToken": "t"}, headers=headers).status_code == 201
        assert house.client.post(f"{path}/{coupon.id}", json={"pushToken": "t"}).status_code == 401
        assert house.client.get(path, params={"passesUpdatedSince": "x"}).status_code == 204
        assert house.client.delete(f"{path}/{coupon.id}", headers=headers).status_code == 200
        assert [house.client.post("/wallet/apple/v1/log", json=told).status_code for told in ({"logs": ["a", "b"]}, {"logs": 3}, [], None)] == [200] * 4

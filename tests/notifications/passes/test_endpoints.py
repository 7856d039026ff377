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
from notifications.passes import keeping
from notifications.passes.models import PassCopy
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

    def test_not_modified_since_it_was_fetched(self, house: House, clock: ManualClock) -> None:
        """Planted bug: a `changed_at` that may stay in the same second when the pass has changed: the void pass was answered with 304."""
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        path, headers = f"/wallet/apple/v1/passes/{PASS_TYPE}/{coupon.id}", {"Authorization": f"ApplePass {token_of(coupon.id)}"}
        assert "last-modified" not in house.client.get(path, headers=headers).headers  # no wallet has registered
        house.registers("device1", coupon.id)
        first = house.client.get(path, headers=headers)
        known = {**headers, "If-Modified-Since": first.headers["last-modified"]}
        clock.advance(0.2)
        again = house.client.get(path, headers=known)
        assert (first.status_code, again.status_code, again.content, again.headers["last-modified"]) == (200, 304, b"", first.headers["last-modified"])
        with house.database.transaction() as session:
            session.execute(update(CouponRow).where(CouponRow.id == coupon.id).values(state="redeemed"))
        changed = house.client.get(path, headers=known)
        assert (changed.status_code, said(changed.content)["voided"]) == (200, True)
        assert house.client.get(path, headers={**headers, "If-Modified-Since": changed.headers["last-modified"]}).status_code == 304
        assert house.client.get(path, headers={**headers, "If-Modified-Since": "the other day"}).status_code == 200
        assert house.client.get(path, headers={"If-Modified-Since": changed.headers["last-modified"]}).status_code == 401


class TestRegisterWallet:
    def test_once_new_then_known(self, house: House) -> None:
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        assert [house.registers("device1", coupon.id) for _ in range(2)] + [house.registers("device2", coupon.id)] == [201, 200, 201]

    def test_only_what_the_proof_opens(self, house: House) -> None:
        """Planted bug: registering without asking for the proof."""
        jane, _ = house.shopper()
        coupon, other = house.coupon(jane), house.coupon(jane, campaign_id="cam_other")
        wrong = [house.registers("device1", coupon.id, proof=token_of(other.id)), house.registers("device1", coupon.id, proof=""), house.registers("device1", coupon.id, pass_type="pass.x")]
        assert (wrong, house.registers("device1", "cpn_none")) == ([401, 401, 401], 404)
        assert house.copies() == []

    def test_a_token_that_is_none(self, house: House) -> None:
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        nonsense = ["", "short", "with space in it", "../../../etc", "x" * 300, "søppel-polse", 3, ["a"]]
        assert [house.registers("device1", coupon.id, token=token) for token in nonsense] == [422] * len(nonsense)
        assert house.copies() == []

    def test_neither_token_nor_device_can_be_read_from_the_rows(self, house: House) -> None:
        """Planted bug: the token stored as it came."""
        jane, _ = house.shopper()
        house.registers("device-of-jane", house.coupon(jane).id, token="abcdef0123456789")
        [copy] = house.copies()
        row = {column.key: getattr(copy, column.key) for column in PassCopy.__table__.columns}
        assert [name for name, value in row.items() if "abcdef0123" in repr(value) or "device-of-jane" in repr(value)] == []

    def test_a_new_token_takes_the_place_of_the_old(self, house: House) -> None:
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        house.registers("device1", coupon.id, token="a" * 64)
        house.registers("device1", coupon.id, token="b" * 64)
        house.settle()
        assert [update.address for update in house.apple.sent] == ["b" * 64]

    def test_no_more_devices_than_one_may_have(self, house: House, clock: ManualClock) -> None:
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        for n in range(keeping.COPIES_MOST + 2):
            clock.advance(1)
            house.registers(f"device{n}", coupon.id)
        assert len(house.copies()) == keeping.COPIES_MOST
        assert (house.listed("device0"), (house.listed("device2") or ([], ""))[0]) == (None, [coupon.id])


class TestForgetWallet:
    def test_nothing_is_kept_and_nothing_told(self, house: House) -> None:
        jane, _ = house.shopper(Purpose.MARKETING_PUSH)
        coupon = house.coupon(jane)
        house.registers("device1", coupon.id)
        path, right = f"/wallet/apple/v1/devices/device1/registrations/{PASS_TYPE}/{coupon.id}", {"Authorization": f"ApplePass {token_of(coupon.id)}"}
        assert (house.client.delete(path).status_code, len(house.copies())) == (401, 1)
        assert [house.client.delete(path, headers=right).status_code for _ in range(2)] == [200, 200]
        house.settle()
        assert (house.copies(), house.apple.sent) == ([], [])


class TestChangedPasses:
    def test_those_that_changed_since_and_none_of_another_device(self, house: House) -> None:
        jane, _ = house.shopper()
        one, two = house.coupon(jane), house.coupon(jane, campaign_id="cam_two")
        house.registers("device1", one.id)
        house.registers("device1", two.id)
        house.settle()
        both, tag = house.listed("device1") or ([], "")
        assert sorted(both) == sorted([one.id, two.id])
        assert house.listed("device1", tag) is None
        house.moves(one.id, "redeemed")
        house.settle()
        changed, later = house.listed("device1", tag) or ([], "")
        assert (changed, house.listed("device1", later)) == ([one.id], None)
        assert (house.listed("device2"), house.listed("device1", pass_type="pass.other")) == (None, None)
        assert sorted((house.listed("device1", "yesterday") or ([], ""))[0]) == sorted(both)

    def test_a_change_that_commits_late_is_not_passed_over(self, house: House) -> None:
        """The tags of one device grow with every change of any of its passes. Planted bug: each pass counted its own changes, and the
        first change of the second pass was below the tag of the first."""
        jane, _ = house.shopper()
        one, two = house.coupon(jane), house.coupon(jane, campaign_id="cam_two")
        for coupon in (one, two):
            house.registers("device1", coupon.id)
        house.settle()
        for state in ("reserved", "issued", "redeemed"):
            house.moves(one.id, state)
            house.settle()
        _, tag = house.listed("device1") or ([], "")
        house.moves(two.id, "redeemed")
        house.settle()
        assert (house.listed("device1", tag) or ([], ""))[0] == [two.id]


class TestWalletLog:
    def test_its_words_are_not_asked_for_much(self, house: House) -> None:
        assert [house.client.post("/wallet/apple/v1/log", json=told).status_code for told in ({"logs": ["a", "b"]}, {"logs": 3}, [], None)] == [200] * 4

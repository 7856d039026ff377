"""A shop with places and beacons, Jane with a coupon, and a house whose wallets are set up with a certificate and an account made here."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems
from app.kernel.outbox import Subscriptions
from app.kernel.relay import Relay
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from app.security.settings import SecuritySettings
from geofences import facade as geofences
from geofences.directory import Directory
from notifications.channel_settings import ChannelSettings
from notifications.passes import endpoints, showing
from notifications.passes.adapters.google_gateway import GoogleLink
from notifications.passes.adapters.memory_gateway import MemoryGateway
from notifications.passes.adapters.pkpass_gateway import PassSigner
from notifications.passes.forms import PassForms
from notifications.passes.jobs import PassLoop
from notifications.passes.models import PassCopy
from notifications.passes.ports import Wallet
from notifications.passes.showing import LiveCodes
from notifications.passes.wiring import Passes
from notifications.settings import NotificationSettings
from offers import facade as offers
from offers import moves
from offers.contracts import CouponView
from offers.models import Campaign, CouponRow
from offers.settings import OfferSettings
from tests.conftest import START
from tests.offers.builders import PLACES, go_live, moment

PASS_TYPE, ORIGIN = "pass.example.shop", "https://shop.example"
UUID = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
BEACONS = {
    "zones": [{"id": "zon_1", "place_id": "plc_kluuvi"}, {"id": "zon_2", "place_id": "plc_else"}],
    "beacons": [
        {"zone_id": "zon_1", "kind": "ibeacon", "identity": f"{UUID}:1:2"}, {"zone_id": "zon_2", "kind": "ibeacon", "identity": f"{UUID}:1:3"},
        {"zone_id": "zon_1", "kind": "eddystone_uid", "identity": "aa:bb"}, {"zone_id": "zon_1", "kind": "ibeacon", "identity": None},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    by_id = {p.id: p for p in PLACES}
    monkeypatch.setattr(geofences, "directory", lambda _session: Directory(PLACES))
    monkeypatch.setattr(geofences, "place", lambda _session, place_id: by_id.get(place_id))
    monkeypatch.setattr(geofences, "places", lambda _session: list(PLACES))
    monkeypatch.setattr(geofences, "places_by_ids", lambda _session, ids: {i: by_id[i] for i in ids if i in by_id})
    monkeypatch.setattr(geofences, "beacons", lambda _session: BEACONS)


@pytest.fixture(scope="session")
def merchant(tmp_path_factory: pytest.TempPathFactory) -> ChannelSettings:
    """The merchant's papers: a certificate that signs itself, and a service account."""
    folder, key = tmp_path_factory.mktemp("papers"), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Pass Type ID: pass.example.shop")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    certificate = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "pass.pem").write_bytes(certificate.public_bytes(Encoding.PEM) + pem)
    (folder / "account.json").write_text(json.dumps({"client_email": "passes@shop.example", "private_key": pem.decode()}))
    return ChannelSettings(  # type: ignore[call-arg]
        apple_pass_certificate_path=str(folder / "pass.pem"), apple_pass_type=PASS_TYPE, apple_team="TEAM123456",
        google_wallet_account_path=str(folder / "account.json"), google_wallet_issuer="3388000000000000000",
    )  # fmt: skip


@cache
def _papers(certificate: str, account: str) -> tuple[PassSigner | None, GoogleLink | None]:
    """Read once: a key of that size takes longer to check than most tests."""
    return PassSigner(certificate) if certificate else None, GoogleLink(account, ORIGIN) if account else None


@dataclass
class House:
    database: Database
    channels: ChannelSettings
    offers: OfferSettings

    def __post_init__(self) -> None:
        settings = SimpleNamespace(security=SecuritySettings(), channels=self.channels, offers=self.offers, base_url=lambda: ORIGIN)  # type: ignore[call-arg]
        live = LiveCodes(self.offers.live_code_required, self.offers.live_code_above_minor)
        rules = NotificationSettings(push_attempts=3, push_retry_first_s=10, breaker_failures=4)  # type: ignore[call-arg]
        self.apple, self.google = MemoryGateway(), MemoryGateway(Wallet.GOOGLE)
        forms = PassForms(self.channels, ORIGIN, live)
        loops = tuple(PassLoop(self.database, gateway, rules, forms) for gateway in (self.apple, self.google))
        self.passes = Passes(forms, *_papers(self.channels.apple_pass_certificate_path, self.channels.google_wallet_account_path), loops)
        subscriptions = Subscriptions()
        self.passes.subscribe(subscriptions)
        subscriptions.attach(self.database)
        self.relay = Relay(self.database, subscriptions)
        app = FastAPI()
        app.state.house = SimpleNamespace(database=self.database, settings=settings, notifications=SimpleNamespace(passes=self.passes))
        install_problems(app)
        app.add_middleware(RequestGuard)
        app.include_router(endpoints.router)
        app.include_router(endpoints.wallets)
        self.client = TestClient(app, follow_redirects=False)

    def settle(self) -> None:
        """Deliver what happened, look at passes and tell their wallets, until nothing is due now."""
        self.relay.run_until_idle()
        while sum(loop.run_once() for loop in self.passes.loops):
            pass

    def registers(self, device: str, coupon_id: str, *, token: object = None, proof: str | None = None, pass_type: str = PASS_TYPE) -> int:
        """A device of Apple's says that it holds this pass; the status it is answered. Without `token`: one of its own."""
        shown = showing.token_of(coupon_id) if proof is None else proof
        path = f"/wallet/apple/v1/devices/{device}/registrations/{pass_type}/{coupon_id}"
        told = {"pushToken": f"{device}00000000" if token is None else token}
        return self.client.post(path, json=told, headers={"Authorization": f"ApplePass {shown}"}).status_code

    def listed(self, device: str, since: str | None = None, pass_type: str = PASS_TYPE) -> tuple[list[str], str] | None:
        """What a device is told has changed, and the tag; None: 204."""
        params = {} if since is None else {"passesUpdatedSince": since}
        answer = self.client.get(f"/wallet/apple/v1/devices/{device}/registrations/{pass_type}", params=params)
        if answer.status_code == 204:
            assert answer.content == b""
            return None
        assert answer.status_code == 200
        return answer.json()["serialNumbers"], answer.json()["lastUpdated"]

    def copies(self) -> list[PassCopy]:
        with self.database.reading() as session:
            found = list(session.scalars(select(PassCopy).order_by(PassCopy.id)))
            session.expunge_all()
        return found

    def moves(self, coupon_id: str, state: str) -> None:
        """The coupon comes into this state by the move every use case shares."""
        with self.database.transaction() as session:
            coupon = session.get_one(CouponRow, coupon_id)
            assert moves.move(session, coupon, coupon.state, state, self.database.clock.now())

    def shopper(self, *purposes: Purpose) -> tuple[str, dict[str, str]]:
        with self.database.transaction() as session:
            device = people.register_device(session, "Phone", "ios", START)
            for purpose in (Purpose.PERSONALISATION, *purposes):
                set_consent(session, device.shopper_id, purpose, granted=True, source="test", at=START)
        return device.shopper_id, {"Authorization": f"Bearer {device.token}"}

    def coupon(self, shopper_id: str, *, campaign_id: str = "cam_bonbon", **changes: Any) -> CouponView:
        """One coupon of a campaign of its own."""
        with self.database.transaction() as session:
            before = {c.id for c in offers.wallet(session, shopper_id, START)}
            for running in session.scalars(select(Campaign.id).where(Campaign.state == "live")).all():
                offers.pause_campaign(session, running, at=START)
            go_live(session, campaign_id, **changes)
            offers.decide(session, moment(f"mom_{campaign_id}", shopper_id=shopper_id), at=START)
        with self.database.reading() as session:
            return next(c for c in offers.wallet(session, shopper_id, START) if c.id not in before)


@pytest.fixture
def house(database: Database, merchant: ChannelSettings) -> House:
    return House(database, merchant, OfferSettings(four_eyes=False))  # type: ignore[call-arg]


def papers(channels: ChannelSettings) -> bytes:
    return Path(channels.apple_pass_certificate_path).read_bytes()


def self_vouched(path: Path, name: str) -> Path:
    """A certificate that vouches for itself, with its key."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(9)
    made = made.not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path

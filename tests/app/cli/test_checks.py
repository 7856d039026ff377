"""What the doctor sees: each danger is made for real, and named with its remedy."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.cli import channel_checks, checks
from app.cli.findings import FAIL, OK, WARN, Check
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import OutboxDelivery, OutboxEvent
from app.security.secrets import load_or_create
from app.settings import load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("MOMENTS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


class TestSecretsFile:
    def test_none_yet(self, home: Path) -> None:
        assert checks.secrets_file(load_settings(data_dir=home)).level == OK

    def test_private(self, home: Path) -> None:
        load_or_create(home)
        assert checks.secrets_file(load_settings(data_dir=home)).level == OK

    def test_readable_by_others(self, home: Path) -> None:
        load_or_create(home)
        (home / "secrets.json").chmod(0o644)
        found = checks.secrets_file(load_settings(data_dir=home))
        assert (found.level, found.mend) == (FAIL, f"chmod 600 {home / 'secrets.json'}")

    def test_damaged_is_not_replaced(self, home: Path) -> None:
        path = home / "secrets.json"
        path.write_text("{")
        path.chmod(0o600)
        assert checks.secrets_file(load_settings(data_dir=home)).level == FAIL
        assert path.read_text() == "{"


class TestDataDir:
    def test_open_to_others(self, home: Path) -> None:
        home.chmod(0o755)
        found = checks.data_dir(load_settings(data_dir=home))
        assert (found.level, found.mend) == (WARN, f"chmod 700 {home}")

    def test_private(self, home: Path) -> None:
        assert checks.data_dir(load_settings(data_dir=home)).level == OK

    def test_looking_makes_nothing(self, home: Path) -> None:
        absent = home / "absent"
        assert checks.data_dir(load_settings(data_dir=absent)).level == OK
        assert not absent.exists()


class TestPublicAddress:
    @pytest.mark.parametrize(
        ("url", "secure", "demo", "level"),
        [
            ("", False, False, OK),
            ("http://localhost:8000", False, True, OK),
            ("http://127.0.0.1:8000", False, False, OK),
            ("http://[::1]:8000", False, False, OK),
            ("http://shop.example", False, False, FAIL),
            ("http://192.168.1.10:8000", False, False, FAIL),
            ("https://shop.example", False, False, WARN),
            ("https://shop.example", True, False, OK),
            ("https://shop.example", True, True, WARN),
        ],
    )
    def test_how_people_come(self, home: Path, url: str, secure: bool, demo: bool, level: str) -> None:
        settings = load_settings(data_dir=home, public_url=url, demo=demo, security={"cookie_secure": secure})
        found = checks.public_address(settings)
        assert found.level == level
        assert bool(found.mend) == (level != OK)


class TestListeningAddress:
    def test_this_machine_only(self, home: Path) -> None:
        assert checks.listening_address(load_settings(data_dir=home)).level == OK

    def test_everybody_without_tls(self, home: Path) -> None:
        assert checks.listening_address(load_settings(data_dir=home, host="0.0.0.0")).level == WARN

    def test_everybody_behind_a_proxy(self, home: Path) -> None:
        assert checks.listening_address(load_settings(data_dir=home, host="0.0.0.0", public_url="https://shop.example")).level == OK


class TestMisspeltSettings:
    def test_named(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MOMENTS_PROT", "8000")
        found = checks.misspelt_settings()
        assert found.level == WARN
        assert "MOMENTS_PROT" in found.text

    def test_known_ones_are_fine(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MOMENTS_PORT", "8000")
        assert checks.misspelt_settings().level == OK


class TestClockSane:
    def test_before_the_release(self) -> None:
        assert checks.clock_sane(datetime(1970, 1, 1, tzinfo=UTC)).level == FAIL

    def test_after_it(self) -> None:
        assert checks.clock_sane(datetime(2026, 11, 21, tzinfo=UTC)).level == OK


class TestPayments:
    def test_no_key_moves_no_money(self, home: Path) -> None:
        found = checks.payments(load_settings(data_dir=home))
        assert found.level == WARN
        assert "MOMENTS_STOREFRONT__STRIPE_SECRET_KEY" in found.mend

    def test_the_demo_has_its_own(self, home: Path) -> None:
        assert checks.payments(load_settings(data_dir=home, demo=True)).level == OK

    def test_key_without_webhook_secret(self, home: Path) -> None:
        found = checks.payments(load_settings(data_dir=home, storefront={"stripe_secret_key": "sk_test_x"}))
        assert found.level == FAIL
        assert "sk_test_x" not in found.text + found.mend

    def test_complete(self, home: Path) -> None:
        storefront = {"stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x", "stripe_webhook_secrets": ["whsec_x"]}
        assert checks.payments(load_settings(data_dir=home, storefront=storefront)).level == OK

    def test_a_live_key_for_another_address(self, home: Path) -> None:
        storefront = {"stripe_secret_key": "sk_live_x", "stripe_publishable_key": "pk", "stripe_webhook_secrets": ["w"], "stripe_api_base": "http://127.0.0.1:9"}
        assert checks.payments(load_settings(data_dir=home, storefront=storefront)).level == FAIL


def _by_name(found: list[Check]) -> dict[str, Check]:
    return {c.name: c for c in found}


class TestMqttBroker:
    def found(self, home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> list[Check]:
        monkeypatch.setenv("MOMENTS_GEOFENCES__MQTT_URL", url)
        return list(checks.mqtt_broker(load_settings()))

    def test_nothing_is_said_where_none_is_set(self, home: Path) -> None:
        assert list(checks.mqtt_broker(load_settings())) == []

    @pytest.mark.parametrize("url", ["mqtt://h:x", "mqtts://h:99999"])
    def test_no_address(self, home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        (check,) = self.found(home, monkeypatch, url)
        assert (check.level, check.text) == (FAIL, "mqtt_url is no address of a broker")

    def test_one_that_answers_and_one_that_does_not(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            (check,) = self.found(home, monkeypatch, f"mqtt://house:secret@127.0.0.1:{port}")
        assert (check.level, check.text) == (OK, f"listens to OwnTracks phones at 127.0.0.1:{port}")
        (check,) = self.found(home, monkeypatch, f"mqtt://house:secret@127.0.0.1:{port}")
        assert check.level == FAIL
        assert "secret" not in check.text


class TestDatabaseChecks:
    def _settings(self, home: Path, database: Database):
        return load_settings(data_dir=home, database_url=database.url.render_as_string(hide_password=False))

    def test_durable_and_reachable_on_both(self, home: Path, database: Database) -> None:
        found = _by_name(list(checks.database_checks(self._settings(home, database))))
        assert found["database"].level == OK
        assert found["schema"].level == OK
        assert found["dead letters"].level == OK
        # the tests' PostgreSQL runs without fsync on purpose: the doctor must say so
        assert found["durability"].level == (OK if database.dialect == "sqlite" else FAIL)

    def test_dead_letters_are_counted(self, home: Path, database: Database) -> None:
        with database.transaction() as session:
            _delivery(session, database, "evt_1", "dead")
        found = _by_name(list(checks.database_checks(self._settings(home, database))))
        assert (found["dead letters"].level, found["dead letters"].text) == (WARN, "1 deliveries were given up")

    def test_events_nobody_delivers(self, home: Path, database: Database, clock: ManualClock) -> None:
        clock.set_to(datetime(2020, 1, 1, tzinfo=UTC))  # long ago by the doctor's clock
        with database.transaction() as session:
            _delivery(session, database, "evt_1", "pending")
        found = _by_name(list(checks.database_checks(self._settings(home, database))))
        assert found["outbox"].level == WARN
        assert "moments serve" in found["outbox"].mend

    def test_not_migrated(self, home: Path) -> None:
        path = home / "empty.sqlite3"
        path.touch()
        found = _by_name(list(checks.database_checks(load_settings(data_dir=home, database_url=f"sqlite:///{path}"))))
        assert (found["schema"].level, found["schema"].mend) == (FAIL, "moments migrate")

    def test_unreachable_keeps_the_password(self, home: Path) -> None:
        found = list(checks.database_checks(load_settings(data_dir=home, database_url="postgresql://nobody:hunter2@127.0.0.1:1/none")))
        assert [c.level for c in found] == [FAIL]
        assert "hunter2" not in found[0].text + found[0].mend


def _delivery(session, database: Database, event_id: str, state: str) -> None:
    now = database.clock.now()
    session.add(OutboxEvent(id=event_id, type="moment.detected", subject="shp_1", payload={}, created_at=now))
    session.flush()
    session.add(OutboxDelivery(event_id=event_id, consumer="offers.decide", state=state, attempts=8, next_attempt_at=now, last_error="LookupError"))


class TestEveryCheck:
    def test_a_fresh_machine_has_nothing_to_mend(self, home: Path) -> None:
        found = list(checks.every_check(load_settings(data_dir=home / "new"), datetime(2026, 11, 21, tzinfo=UTC)))
        assert [c for c in found if c.level == FAIL] == []
        assert len(found) >= 10

    def test_every_finding_says_what_mends_it(self, home: Path) -> None:
        home.chmod(0o755)
        settings = load_settings(data_dir=home, host="0.0.0.0", public_url="http://shop.example")
        found = list(checks.every_check(settings, datetime(1970, 1, 1, tzinfo=UTC)))
        assert [c.name for c in found if c.level != OK and not c.mend] == []
        assert {c.level for c in found} >= {OK, WARN, FAIL}


class TestFenceIndex:
    @pytest.mark.parametrize(
        ("wanted", "built", "level"), [("auto", True, OK), ("auto", False, WARN), ("compiled", False, FAIL), ("numpy", True, OK), ("numpy", False, OK)]
    )
    def test_which_kernel_answers(self, home: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, built: bool, level: str) -> None:
        monkeypatch.setattr("geofences.facade.index_kernel", lambda: "compiled" if built else "numpy")
        found = checks.fence_index(load_settings(data_dir=home, kernel=wanted))
        assert found.level == level
        assert ("gcc" in found.mend) == (level != OK)


class TestChannels:
    @pytest.mark.parametrize(
        ("chosen", "level", "said"),
        [
            ({}, OK, "no Web Push, e-mail, SMS or WhatsApp is set up"),
            ({"web_push_contact": "mailto:ops@shop.example"}, OK, "Web Push set up"),
            ({"email_sender": "a@shop.example"}, FAIL, "offers by e-mail have a sender and no mail server"),
            ({"twilio_account": "AC1", "sms_sender": "+1"}, FAIL, "Twilio has an account and no token"),
            ({"sms_sender": "+1"}, FAIL, "SMS or WhatsApp have a sender and no account"),
            ({"twilio_account": "AC1", "twilio_token": "t", "sms_sender": "+1"}, OK, "SMS set up"),
            ({"twilio_account": "AC1", "twilio_token": "t", "whatsapp_sender": "+1"}, WARN, "WhatsApp set up; without an approved template WhatsApp reaches only who wrote within 24 hours"),
        ],
    )
    def test_what_is_on_and_what_is_missing(self, home: Path, chosen: dict[str, str], level: str, said: str) -> None:
        found = channel_checks.channels(load_settings(data_dir=home, channels=chosen))
        assert (found.level, found.text) == (level, said)
        assert bool(found.mend) is (level != OK)

    def test_links_to_plain_http(self, home: Path) -> None:
        settings = load_settings(data_dir=home, public_url="http://shop.example", channels={"web_push_contact": "mailto:a@b"})
        assert channel_checks.channels(settings).level == WARN


class TestBounces:
    @pytest.mark.parametrize(
        ("server", "chosen", "level", "said"),
        [
            ("", {}, OK, "no mail server is set"),
            ("mail.example", {}, WARN, "comes back to its sender, not to us"),
            ("mail.example", {"email_bounces": "bounces@shop.example"}, WARN, "is believed from nobody"),
            ("mail.example", {"email_bounces": "bounces@shop.example", "mail_secrets": ["whsec_" + "A" * 40]}, OK, "is heard of at /v1/inbound/mail"),
        ],
    )
    def test_whether_mail_that_comes_back_is_heard_of(self, home: Path, server: str, chosen: dict[str, object], level: str, said: str) -> None:
        found = channel_checks.bounces(load_settings(data_dir=home, contacts={"smtp_host": server}, channels=chosen))
        assert (found.level, bool(found.mend)) == (level, level != OK)
        assert said in found.text


class TestWallets:
    NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def papers(self, home: Path, ends_in: timedelta = timedelta(days=300)) -> dict[str, str]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Pass Type ID: pass.x")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        made = made.not_valid_before(self.NOW - timedelta(days=900)).not_valid_after(self.NOW + ends_in)
        pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (home / "pass.pem").write_bytes(pem)
        return {"apple_pass_certificate_path": str(home / "pass.pem"), "apple_pass_type": "pass.x", "apple_team": "T"}

    def said(self, home: Path, chosen: dict[str, str], public_url: str = "https://shop.example") -> tuple[str, str]:
        found = channel_checks.wallets(load_settings(data_dir=home, channels=chosen, public_url=public_url), self.NOW)
        assert bool(found.mend) is (found.level != OK)
        return found.level, found.text

    def test_what_is_on_and_what_is_missing(self, home: Path) -> None:
        papers = self.papers(home)
        (home / "account.json").write_text("{}")
        google = {"google_wallet_account_path": str(home / "account.json"), "google_wallet_issuer": "3388"}
        assert self.said(home, {}) == (OK, "not set up: no coupon can be put into a wallet")
        assert self.said(home, papers) == (OK, "Apple Wallet set up")
        assert self.said(home, papers | google) == (OK, "Apple Wallet and Google Wallet set up")
        assert self.said(home, papers, "http://localhost:8000") == (WARN, "Apple Wallet set up; Apple's wallet registers over https alone, so changes reach no pass")
        assert self.said(home, papers | {"apple_team": ""}) == (FAIL, "a wallet is begun, and MOMENTS_CHANNELS__APPLE_TEAM is not set")
        assert self.said(home, google | {"google_wallet_issuer": ""}) == (FAIL, "a wallet is begun, and MOMENTS_CHANNELS__GOOGLE_WALLET_ISSUER is not set")
        assert self.said(home, papers | {"apple_pass_chain_path": "/none"}) == (FAIL, "/none cannot be read")
        (home / "pass.pem").write_text("no certificate")
        assert self.said(home, papers)[0] == FAIL

    @pytest.mark.parametrize(("ends_in", "level", "text"), [(timedelta(days=12), WARN, "ends in 12 days"), (timedelta(days=-1), FAIL, "has ended")])
    def test_when_the_certificate_ends(self, home: Path, ends_in: timedelta, level: str, text: str) -> None:
        assert self.said(home, self.papers(home, ends_in)) == (level, f"the certificate of the pass type {text}")

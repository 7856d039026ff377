"""One suite over those who are told that a pass has changed: the real protocols against local stand-ins, and the twin in memory.

Each thing the other side may do has its meaning, and is asked once.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from app.demo.peers import apns_peer, wallet_objects_peer
from app.demo.peers.apns_peer import ApnsPeer
from app.demo.peers.scripted_peer import Answer
from app.demo.peers.wallet_objects_peer import WalletObjectsPeer
from notifications.channel_settings import ChannelSettings
from notifications.passes.adapters.apns_gateway import ApnsGateway
from notifications.passes.adapters.memory_gateway import MemoryGateway
from notifications.passes.adapters.objects_gateway import ObjectsGateway
from notifications.passes.contents import google_again
from notifications.passes.ports import PassGateway, PassUpdate
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from tests.notifications.passes.conftest import PASS_TYPE, self_vouched

QUOTA = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=7.0)
AWAY = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE)
UNKNOWN = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN)
AUTH = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=30.0)
DEAD = PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)
REFUSED = PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
SILENCE = Answer(200, hold_s=30)

APNS: dict[str, tuple[Answer, PushReceipt]] = {
    "unregistered": (apns_peer.refusal(410, "Unregistered"), DEAD),
    "bad_token": (apns_peer.refusal(400, "BadDeviceToken"), DEAD),
    "another_topic": (apns_peer.refusal(400, "DeviceTokenNotForTopic"), PushReceipt(Outcome.REFUSED, reason=Reason.SENDER_MISMATCH)),
    "bad_request": (apns_peer.refusal(400, "BadExpirationDate"), REFUSED),
    "unreadable_request": (Answer(400, b"<html>"), REFUSED),
    "no_object": (Answer(400, b"[]"), REFUSED),
    "certificate": (apns_peer.refusal(403, "BadCertificate"), AUTH),
    "quota": (apns_peer.refusal(429, "TooManyRequests", Retry_After="7"), QUOTA),
    "unavailable": (apns_peer.refusal(503, "ServiceUnavailable"), AWAY),
    "timeout": (SILENCE, UNKNOWN),
    "garbage": (Answer(garbage=True), UNKNOWN),
}
GOOGLE: dict[str, tuple[Answer, PushReceipt]] = {
    "never_saved": (wallet_objects_peer.refusal(404, "NOT_FOUND"), PushReceipt(Outcome.REFUSED, reason=Reason.PASS_NOT_SAVED)),
    "bad_request": (wallet_objects_peer.refusal(400, "INVALID_ARGUMENT"), REFUSED),
    "moved": (Answer(307, headers={"Location": "http://127.0.0.1:1/"}), REFUSED),
    "not_ours": (wallet_objects_peer.refusal(403, "PERMISSION_DENIED"), AUTH),
    "quota": (wallet_objects_peer.refusal(429, "RESOURCE_EXHAUSTED", Retry_After="7"), QUOTA),
    "unavailable": (wallet_objects_peer.refusal(503, "UNAVAILABLE"), AWAY),
    "timeout": (SILENCE, UNKNOWN),
    "garbage": (Answer(garbage=True), UNKNOWN),
}
TIMEOUT_S = 4.0


@dataclass(frozen=True)
class Papers:
    """Who Apple is here, who we are, and somebody else."""

    apple: Path
    ours: Path
    anothers: Path


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("apns")
    return Papers(self_vouched(folder / "apple.pem", "api.push.apple.com"), self_vouched(folder / "ours.pem", "Pass Type ID"), self_vouched(folder / "anothers.pem", "Somebody"))


@pytest.fixture(scope="module")
def apns(papers: Papers) -> Iterator[ApnsPeer]:
    with ApnsPeer(papers.apple, papers.ours, PASS_TYPE) as peer:
        yield peer


@pytest.fixture(scope="module")
def objects() -> Iterator[WalletObjectsPeer]:
    with WalletObjectsPeer() as peer:
        yield peer


@pytest.fixture(scope="module")
def account(objects: WalletObjectsPeer, merchant: ChannelSettings, tmp_path_factory: pytest.TempPathFactory) -> str:
    told = json.loads(Path(merchant.google_wallet_account_path).read_text())
    path = tmp_path_factory.mktemp("google") / "account.json"
    path.write_text(json.dumps(objects.account(told)))
    return str(path)


@pytest.fixture(scope="module")
def apple_gateway(apns: ApnsPeer, papers: Papers) -> Iterator[ApnsGateway]:
    made = ApnsGateway(apns.url, str(papers.ours), PASS_TYPE, timeout_s=TIMEOUT_S, trust=str(papers.apple))
    yield made
    made.close()


@pytest.fixture(scope="module")
def google_gateway(objects: WalletObjectsPeer, account: str) -> Iterator[ObjectsGateway]:
    made = ObjectsGateway(objects.url, account, timeout_s=TIMEOUT_S)
    yield made
    made.close()


def to(address: str, **form: Any) -> PassUpdate:
    return PassUpdate("pcy_1", address, {"id": address, "state": "ACTIVE", **form})


class TestAll:
    def test_taken(self, apple_gateway: ApnsGateway, google_gateway: ObjectsGateway, objects: WalletObjectsPeer) -> None:
        """Planted bug: no certificate of ours loaded into the TLS of the client, whom Apple then does not know."""
        objects.save({"id": "3388.taken", "state": "ACTIVE"})
        gateways: list[tuple[PassGateway, str]] = [(MemoryGateway(), "taken"), (apple_gateway, "abc123taken"), (google_gateway, "3388.taken")]
        for gateway, address in gateways:
            receipt = gateway.send(to(address))
            assert (receipt.outcome, bool(receipt.provider_message_id)) == (Outcome.ACCEPTED, True)

    def test_an_address_that_is_none_never_raises(self, apple_gateway: ApnsGateway, google_gateway: ObjectsGateway) -> None:
        """Seen to fail where the address was put together before the adapter began to watch for faults."""
        gateways: tuple[PassGateway, ...] = (MemoryGateway(), apple_gateway, google_gateway)
        for gateway in gateways:
            for nonsense in ("", "../../../x", "a b\r\nc: d", "\udcff", "søppel"):
                assert gateway.send(to(nonsense)).outcome in Outcome

    def test_nobody_at_home(self, papers: Papers, account: str) -> None:
        with ApnsPeer(papers.apple, papers.ours, PASS_TYPE) as gone:
            url = gone.url
        gateways: list[PassGateway] = [
            ApnsGateway(url, str(papers.ours), PASS_TYPE, timeout_s=TIMEOUT_S, trust=str(papers.apple)),
            ObjectsGateway(url.replace("https", "http"), account, timeout_s=TIMEOUT_S),
        ]
        for gateway in gateways:
            assert gateway.send(to("abc123gone")) == AWAY
            gateway.close()


class TestTwin:
    def test_says_what_it_was_told_and_then_takes(self) -> None:
        twin = MemoryGateway()
        twin.program("a", DEAD, QUOTA)
        assert [twin.send(to("a")) for _ in range(2)] + [twin.send(to("b")).outcome] == [DEAD, QUOTA, Outcome.ACCEPTED]
        assert [update.address for update in twin.sent] == ["a", "a", "b"]


class TestApns:
    def test_what_apple_is_sent(self, apns: ApnsPeer, apple_gateway: ApnsGateway) -> None:
        """An empty object, the pass type as topic, and nothing else of anybody. Planted bug: the form sent along."""
        apple_gateway.send(to("abc123seen", code="SECRET"))
        [heard] = apns.attempts["abc123seen"]
        assert (heard.path, heard.body) == ("/3/device/abc123seen", b"{}")
        assert {name: heard.headers[name] for name in ("apns-topic", "apns-push-type", "apns-priority")} == {"apns-topic": PASS_TYPE, "apns-push-type": "background", "apns-priority": "5"}

    @pytest.mark.parametrize("case", list(APNS))
    def test_each_failure_has_its_meaning_and_is_asked_once(self, apns: ApnsPeer, apple_gateway: ApnsGateway, case: str) -> None:
        """Planted bug: BadDeviceToken taken for a refusal of this one push, and the token kept."""
        answer, meaning = APNS[case]
        token = f"abc123{case.replace('_', '')}"
        apns.program(token, answer)
        assert (apple_gateway.send(to(token)), len(apns.attempts[token])) == (meaning, 1)

    def test_a_slow_one_holds_up_none_and_a_broken_one_breaks_no_other(self, papers: Papers) -> None:
        """Planted bug: one line for all (a client that is shared), which breaks for all that are under way with the first that does."""
        with ApnsPeer(papers.apple, papers.ours, PASS_TYPE) as peer, ThreadPoolExecutor(6) as pool:
            gateway = ApnsGateway(peer.url, str(papers.ours), PASS_TYPE, timeout_s=30.0, trust=str(papers.apple))
            gateway.send(to("abc123first"))
            waiting = {"abc123slow": SILENCE, **{f"abc123held{n}": Answer(200, hold_s=0.5) for n in range(3)}}
            for token, answer in waiting.items():
                peer.program(token, answer)
            slow, *held = [pool.submit(gateway.send, to(token)) for token in waiting]
            while len(peer.attempts) < 1 + len(waiting):
                sleep(0.01)
            peer.program("abc123broken", Answer(garbage=True))
            assert gateway.send(to("abc123broken")) == UNKNOWN
            quick = list(pool.map(gateway.send, [to(f"abc123quick{n}") for n in range(8)]))
            assert ({one.outcome for one in quick}, {one.result().outcome for one in held}) == ({Outcome.ACCEPTED}, {Outcome.ACCEPTED})
            assert (slow.done(), peer.connections <= 7) == (False, True)  # a line for each under way, and not for each of fourteen
            peer.hang_up()
            assert slow.result() == UNKNOWN
            gateway.close()

    def test_what_is_sent_one_after_the_other_goes_over_one_line(self, papers: Papers) -> None:
        with ApnsPeer(papers.apple, papers.ours, PASS_TYPE) as peer:
            gateway = ApnsGateway(peer.url, str(papers.ours), PASS_TYPE, timeout_s=TIMEOUT_S, trust=str(papers.apple))
            assert ({gateway.send(to(f"abc123next{n}")).outcome for n in range(5)}, peer.connections) == ({Outcome.ACCEPTED}, 1)
            gateway.close()

    def test_without_the_certificate_of_the_pass_type_nothing_is_taken(self, apns: ApnsPeer, papers: Papers) -> None:
        """It is the certificate that says who we are."""
        gateway = ApnsGateway(apns.url, str(papers.anothers), PASS_TYPE, timeout_s=TIMEOUT_S, trust=str(papers.apple))
        receipt = gateway.send(to("abc123stranger"))
        assert (receipt.outcome, "abc123stranger" in apns.attempts) == (Outcome.RETRY, False)
        gateway.close()

    def test_nobody_else_is_taken_for_apple(self, apns: ApnsPeer, papers: Papers) -> None:
        """A token is sent to nobody whose certificate is not vouched for. Planted bug: verification switched off."""
        gateway = ApnsGateway(apns.url, str(papers.ours), PASS_TYPE, timeout_s=TIMEOUT_S, trust=str(papers.anothers))
        assert (gateway.send(to("abc123eve")), "abc123eve" in apns.attempts) == (AUTH, False)
        gateway.close()

    def test_a_certificate_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "none.pem").write_text("no certificate")
        with pytest.raises((OSError, ssl.SSLError)):
            ApnsGateway("https://127.0.0.1:1", str(tmp_path / "none.pem"), PASS_TYPE)


class TestObjects:
    def test_what_is_named_as_gone_is_gone(self, objects: WalletObjectsPeer, google_gateway: ObjectsGateway) -> None:
        """Planted bug: what is not on the pass any more left out of the PATCH, which leaves it there."""
        form: dict[str, Any] = {"id": "3388.cpn", "state": "ACTIVE", "barcode": {"value": "X"}, "locations": [{"latitude": 1, "longitude": 2}], "hasUsers": True}
        objects.save(form)
        google_gateway.send(PassUpdate("pcy_1", "3388.cpn", google_again({"id": "3388.cpn", "state": "COMPLETED"})))
        assert objects.saved["3388.cpn"] == {"id": "3388.cpn", "state": "COMPLETED", "hasUsers": True}

    @pytest.mark.parametrize("case", list(GOOGLE))
    def test_each_failure_has_its_meaning_and_is_asked_once(self, objects: WalletObjectsPeer, google_gateway: ObjectsGateway, case: str) -> None:
        """Planted bug: 404 taken for a failure to be tried again."""
        answer, meaning = GOOGLE[case]
        objects.program(f"3388.{case}", answer)
        assert (google_gateway.send(to(f"3388.{case}")), len(objects.attempts[f"3388.{case}"])) == (meaning, 1)

    def test_an_account_google_does_not_know(self, objects: WalletObjectsPeer, account: str) -> None:
        gateway = ObjectsGateway(objects.url, account, timeout_s=TIMEOUT_S)
        objects.program("token", Answer(400, b'{"error":"invalid_grant"}', {"Content-Type": "application/json"}))
        assert (gateway.send(to("3388.unknown")), "3388.unknown" in objects.attempts) == (AUTH, False)
        gateway.close()

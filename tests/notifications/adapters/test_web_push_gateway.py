"""What Web Push alone has to say: the vector of RFC 8291, what a push service hears, and whom we never post to."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.demo.peers.web_push_peer import WebPushPeer
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from notifications.adapters.web_push_gateway import PAYLOAD_MOST_BYTES, WebPushGateway, public_key, sealed
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.subscriptions import Subscription
from tests.notifications.wires import WebPushWire, request_to
from tests.paths import shared


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def wire() -> Iterator[WebPushWire]:
    with WebPushPeer() as peer:
        made = WebPushWire(peer)
        yield made
        made.close()


class TestSealed:
    def test_the_vector_of_the_standard(self) -> None:
        told = {k: _bytes(v) for k, v in json.loads(shared("vectors", "rfc8291", "rfc8291-section5.json").read_text()).items() if k != "source"}
        sender = ec.derive_private_key(int.from_bytes(told["as_private"], "big"), ec.SECP256R1())
        to = Subscription("https://push.example.net/push/x", told["ua_public"], told["auth_secret"])
        assert sealed(told["plaintext"], to, sender=sender, salt=told["salt"]) == told["body"]

    def test_never_the_same_twice(self, wire: WebPushWire) -> None:
        keys = wire.peer.subscribe("x")["keys"]
        to = Subscription("https://push.example.net/push/x", _bytes(keys["p256dh"]), _bytes(keys["auth"]))
        assert sealed(b"hello", to) != sealed(b"hello", to)


class TestPublicKey:
    def test_the_same_for_the_same_secrets_and_another_for_others(self) -> None:
        """A browser's subscription is bound to it: it must outlive a restart."""
        mine = public_key()
        assert (len(_bytes(mine)), _bytes(mine)[0]) == (65, 4)
        assert public_key() == mine
        use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"m" * 32, b"p" * 32))
        assert public_key() != mine


class TestSend:
    def test_what_the_push_service_hears(self, wire: WebPushWire) -> None:
        assert wire.gateway.send(wire.request("b1", ttl_s=120)).outcome is Outcome.ACCEPTED
        [(data, headers)] = wire.peer.delivered["b1"]
        assert data == {"message_id": "msg_1", "title": "Bonbon of the month", "body": "25 % off", "link": "/m/coupons/cpn_1", "collapse_key": "vis_1"}
        topic = base64.urlsafe_b64encode(hashlib.sha256(b"vis_1").digest()).decode()[:32]
        assert (headers["ttl"], headers["urgency"], headers["topic"]) == ("120", "high", topic)
        assert headers["authorization"].endswith(f"k={public_key()}")

    def test_one_signature_serves_many_messages(self, wire: WebPushWire) -> None:
        for name in ("b1", "b2"):
            wire.gateway.send(wire.request(name))
        words = {h.headers["authorization"] for name in ("b1", "b2") for h in wire.peer.attempts[name]}
        assert len(words) == 1

    def test_as_much_as_fits_in_one_record_and_not_a_byte_more(self, wire: WebPushWire) -> None:
        """Seen to fail with a limit of 4096: the stand-in refuses the body, which is longer than what is in it."""
        request = wire.request("b1")
        frame = len(json.dumps({"message_id": "m", "collapse_key": "vis_1", "x": ""}).encode())
        most = replace(request, data={"message_id": "m", "x": "x" * (PAYLOAD_MOST_BYTES - frame)})
        assert wire.gateway.send(most).outcome is Outcome.ACCEPTED
        more = replace(request, data={"message_id": "m", "x": "x" * (PAYLOAD_MOST_BYTES - frame + 1)})
        assert wire.gateway.send(more) == PushReceipt(Outcome.REFUSED, reason=Reason.PAYLOAD_TOO_LARGE)
        assert wire.attempts("b1") == 1

    def test_an_address_that_is_no_push_service_is_never_asked(self, wire: WebPushWire) -> None:
        gateway = WebPushGateway("mailto:ops@shop.example", ["push.example.net"])
        assert gateway.send(wire.request("b1")) == PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED)
        assert wire.attempts("b1") == 0
        gateway.close()

    def test_a_key_that_is_no_point_of_the_curve_is_dead(self, wire: WebPushWire) -> None:
        kept = json.loads(wire.request("b1").address) | {"p256dh": base64.urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode().rstrip("=")}
        assert wire.gateway.send(request_to(json.dumps(kept))) == PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)

"""A local stand-in for a push service and the browsers behind it.

Owns subscriptions with keys of their own, the checks a push service makes (VAPID signature, audience and life; TTL; encoding) and the
opening of what a browser would open. Source: RFC 8030, 8291, 8292.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.demo.peers.scripted_peer import Answer, Heard, ScriptedPeer
from app.kernel.clock import SystemClock


def _packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class WebPushPeer(ScriptedPeer):
    """`delivered[name]` holds what the browser `name` has opened, with the headers it came with."""

    def __init__(self) -> None:
        super().__init__()
        self._browsers: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}
        self.delivered: dict[str, list[tuple[dict[str, Any], dict[str, str]]]] = {}

    def subscribe(self, name: str) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` gives it."""
        key, auth = self._browsers.setdefault(name, (ec.generate_private_key(ec.SECP256R1()), os.urandom(16)))
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": f"{self.url}/push/{name}", "expirationTime": None, "keys": {"p256dh": _packed(point), "auth": _packed(auth)}}

    def key_of(self, heard: Heard) -> str:
        return heard.path.rpartition("/")[2]

    def take(self, key: str, heard: Heard) -> Answer:
        if key not in self._browsers:
            return Answer(404)
        if not self._known(heard.headers.get("authorization", "")):
            return Answer(401)
        if not heard.headers.get("ttl", "").isdigit() or heard.headers.get("content-encoding") != "aes128gcm" or len(heard.body) > 4096:
            return Answer(400)
        private, auth = self._browsers[key]
        plain = http_ece.decrypt(heard.body, private_key=private, auth_secret=auth, version="aes128gcm")
        self.delivered.setdefault(key, []).append((json.loads(plain), heard.headers))
        return Answer(201, headers={"Location": f"{self.url}/message/1"})

    def _known(self, authorization: str) -> bool:
        """Whether it is signed by the key it names, for us, and for no more than a day."""
        scheme, _, rest = authorization.partition(" ")
        parts: dict[str, str] = {}
        for part in rest.split(","):
            name, _, value = part.strip().partition("=")
            parts[name] = value
        try:
            point = _unpacked(parts["k"])
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            claims = jwt.decode(parts["t"], ECKey.import_key(public), algorithms=["ES256"]).claims
        except (KeyError, ValueError, JoseError):
            return False
        left_s = claims["exp"] - SystemClock().now().timestamp()
        return scheme == "vapid" and claims["aud"] == self.url and 0 < left_s <= 86_400 and claims["sub"].startswith(("mailto:", "https:"))

"""The link that saves a pass in Google Wallet: a JWT signed with the merchant's service account.

Owns the link. Must not ask Google anything: the object goes with the link, and is made there when she saves it.
Source: Google, Wallet API, "Working with JSON Web Tokens".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.kernel.clock import SystemClock

SAVE_URL = "https://pay.google.com/gp/v/save/"


class GoogleLink:
    """`account` is the path of a service account file. Raises ValueError, KeyError or OSError if it cannot be read."""

    def __init__(self, account: str, origin: str) -> None:
        from joserfc.jwk import RSAKey

        told = json.loads(Path(account).read_text(encoding="utf-8"))
        self._email, self._key, self._origin = str(told["client_email"]), RSAKey.import_key(told["private_key"]), origin

    def save_link(self, offer: Mapping[str, Any]) -> str:
        from joserfc import jwt

        claims = {
            "iss": self._email, "aud": "google", "typ": "savetowallet", "iat": int(SystemClock().now().timestamp()), "origins": [self._origin],
            "payload": {"offerObjects": [dict(offer)]},
        }  # fmt: skip
        return SAVE_URL + jwt.encode({"alg": "RS256", "typ": "JWT"}, claims, self._key, algorithms=["RS256"])

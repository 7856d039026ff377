"""A phone that signs its requests (RFC 9449), and every way of signing them wrongly."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

from app.security.dpop import token_hash


@dataclass
class PhoneKey:
    """A key of a phone. `proof(...)` signs; what is given beside overrides the claims, `header` the header."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=False))

    @property
    def thumbprint(self) -> str:
        return self.key.thumbprint()

    def proof(self, method: str, address: str, at_s: float, *, token: str | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        said = {"jti": os.urandom(12).hex(), "htm": method, "htu": address, "iat": int(at_s)} | ({"ath": token_hash(token)} if token else {}) | claims
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)} | (header or {})
        return jws.serialize_compact(head, json.dumps(said), self.key, algorithms=["ES256"])

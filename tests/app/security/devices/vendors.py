"""Google and Apple as far as a phone's evidence goes: keys and a root certificate that exist in memory for one test.

Owns fakes that sign what the real ones sign. Source: the vendors' documentation, see play_integrity.py and app_attest.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey

from app.security.devices.app_attest import FORMAT, NONCE, NONCE_HEAD, PRODUCTION
from app.security.devices.binding import as_text

PACKAGE, APP = "com.example.moments", "ABCDE12345.com.example.moments"


@dataclass
class Google:
    """Seals and signs verdicts; `decryption` and `verification` are what the Play Console would show."""

    aes: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def decryption(self) -> str:
        return base64.b64encode(self.aes).decode()

    @property
    def verification(self) -> str:
        der = self.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def token(self, hashed: bytes, at: datetime, *, labels: tuple[str, ...] = ("MEETS_DEVICE_INTEGRITY",), **parts: Any) -> str:
        document = {
            "requestDetails": {"requestPackageName": PACKAGE, "requestHash": as_text(hashed), "timestampMillis": str(int(at.timestamp() * 1000))} | parts.get("request", {}),
            "appIntegrity": {"appRecognitionVerdict": "PLAY_RECOGNIZED", "packageName": PACKAGE} | parts.get("app", {}),
            "deviceIntegrity": {"deviceRecognitionVerdict": list(labels)},
            "accountDetails": {"appLicensingVerdict": parts.get("licence", "LICENSED")},
        }
        signed = jws.serialize_compact({"alg": "ES256"}, json.dumps(document), ECKey.import_key(self.key), algorithms=["ES256"])
        return jwe.encrypt_compact({"alg": "A256KW", "enc": "A256GCM"}, signed, OctKey.import_key(self.aes), algorithms=["A256KW", "A256GCM"])


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


@dataclass
class Apple:
    """A root, an authority under it, and the enclave of one phone."""

    at: datetime
    app: str = APP
    environment: bytes = PRODUCTION

    def __post_init__(self) -> None:
        self.root_key, self.authority_key, self.phone_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.root = self._certificate("Root", "Root", self.root_key, self.root_key, ca=True)
        self.authority = self._certificate("Authority", "Root", self.authority_key, self.root_key, ca=True)
        self.counter = 0

    def _certificate(self, name: str, by: str, key: Any, signer: Any, *, ca: bool, nonce: bytes | None = None) -> x509.Certificate:
        made = (
            x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(by)).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=1)).not_valid_after(self.at + timedelta(days=1)).add_extension(x509.BasicConstraints(ca, None), critical=True)
        )  # fmt: skip
        if nonce is not None:
            made = made.add_extension(x509.UnrecognizedExtension(NONCE, NONCE_HEAD + nonce), critical=False)
        return made.sign(signer, hashes.SHA256())

    @property
    def point(self) -> bytes:
        return self.phone_key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.point).digest()

    def _data(self, counter: int) -> bytes:
        return hashlib.sha256(self.app.encode()).digest() + b"\x40" + counter.to_bytes(4, "big")

    def attestation(self, hashed: bytes, *, authority: x509.Certificate | None = None, counter: int = 0) -> bytes:
        data = self._data(counter) + self.environment + len(self.key_id).to_bytes(2, "big") + self.key_id
        nonce = hashlib.sha256(data + hashed).digest()
        leaf = self._certificate("Phone", "Authority", self.phone_key, self.authority_key, ca=False, nonce=nonce)
        chain = [c.public_bytes(serialization.Encoding.DER) for c in (leaf, authority or self.authority)]
        return cbor2.dumps({"fmt": FORMAT, "attStmt": {"x5c": chain, "receipt": b""}, "authData": data})

    def assertion(self, hashed: bytes, *, counter: int | None = None) -> bytes:
        self.counter += 1
        data = self._data(self.counter if counter is None else counter)
        signature = self.phone_key.sign(hashlib.sha256(data + hashed).digest(), ec.ECDSA(hashes.SHA256()))
        return cbor2.dumps({"signature": signature, "authenticatorData": data})

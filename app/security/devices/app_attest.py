"""App Attest: a key in the secure enclave of an Apple device, certified for our app, and what it signs afterwards.

Owns the check of an attestation and of an assertion. Must not touch the database, and speaks to nobody: the root certificate is a file.
Source: Apple developer documentation, "Validating apps that connect to your server"; W3C WebAuthn for the authenticator data.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.kernel.verdict import Fail
from app.security.devices.standing import Level

FORMAT = "apple-appattest"
NONCE = x509.ObjectIdentifier("1.2.840.113635.100.8.2")
NONCE_HEAD = bytes.fromhex("3024a1220420")
"""DER around the nonce: a sequence with one field, tagged 1, that holds 32 octets."""
PRODUCTION, DEVELOPMENT = b"appattest".ljust(16, b"\0"), b"appattestdevelop"
MAX_BYTES = 20_000
UNREADABLE = Exception
"""Bytes from anywhere, read by several parsers: whatever they stumble over, the evidence is refused, and that is all."""


Root = x509.Certificate


def root_of(pem: bytes) -> Root:
    """The root certificate; raises ValueError when it is none."""
    return x509.load_pem_x509_certificate(pem)


@dataclass(frozen=True, slots=True)
class AttestedKey:
    """A key whose attestation holds. `id` is the SHA-256 of its public point."""

    id: bytes
    public_key: bytes
    level: Level


@dataclass(frozen=True, slots=True)
class AppAttest:
    """`apps` are `TEAMID.bundle.id`, `root` Apple's root certificate; `development` lets that environment count as software."""

    apps: Sequence[str]
    root: Root
    development: bool = False

    def attestation(self, evidence: bytes, key_id: bytes, client_data_hash: bytes, at: datetime) -> AttestedKey | Fail:
        """A new key. Fail(`attestation_...`) says what does not hold."""
        try:
            document = _map(evidence)
            chain = [x509.load_der_x509_certificate(each) for each in document["attStmt"]["x5c"]]
            data = bytes(document["authData"])
            if document["fmt"] != FORMAT or not self._certified(chain, at):
                return Fail("attestation_not_genuine")
            leaf = chain[0]
            said = leaf.extensions.get_extension_for_oid(NONCE).value
            nonce = cast("x509.UnrecognizedExtension", said).value
            public = cast("ec.EllipticCurvePublicKey", leaf.public_key())
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        except UNREADABLE:
            return Fail("attestation_not_genuine")
        if not hmac.compare_digest(nonce, NONCE_HEAD + hashlib.sha256(data + client_data_hash).digest()):
            return Fail("attestation_other_request")
        own_id = hashlib.sha256(point).digest()
        environment, credential_id = data[37:53], data[55 : 55 + int.from_bytes(data[53:55], "big")]
        if own_id != key_id or credential_id != key_id or int.from_bytes(data[33:37], "big") != 0:
            return Fail("attestation_not_genuine")
        if not self._ours(data) or environment not in (PRODUCTION, *((DEVELOPMENT,) if self.development else ())):
            return Fail("attestation_other_app")
        return AttestedKey(own_id, point, Level.STRONG if environment == PRODUCTION else Level.SOFTWARE)

    def assertion(self, evidence: bytes, public_key: bytes, counter: int, client_data_hash: bytes) -> int | Fail:
        """What a known key signed: its counter, which must be higher than the last (`counter`)."""
        try:
            document = _map(evidence)
            data, signature = bytes(document["authenticatorData"]), bytes(document["signature"])
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
            public.verify(signature, hashlib.sha256(data + client_data_hash).digest(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return Fail("attestation_other_request")
        except UNREADABLE:
            return Fail("attestation_not_genuine")
        if not self._ours(data):
            return Fail("attestation_other_app")
        says = int.from_bytes(data[33:37], "big")
        return says if says > counter else Fail("attestation_seen_before")

    def _ours(self, data: bytes) -> bool:
        return data[:32] in {hashlib.sha256(app.encode()).digest() for app in self.apps}

    def _certified(self, chain: Sequence[x509.Certificate], at: datetime) -> bool:
        """Each certificate is issued by the next and the last by the root, all valid now; only the first is no authority."""
        if not 1 <= len(chain) <= 4:
            return False
        issuers = [*chain[1:], self.root]
        for certificate, issuer in zip(chain, issuers, strict=True):
            certificate.verify_directly_issued_by(issuer)  # raises when it was not
            if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                return False
        return all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in (*chain, self.root))


def _map(evidence: bytes) -> dict[str, Any]:
    if len(evidence) > MAX_BYTES:
        raise ValueError("too long")
    found = cbor2.loads(evidence)
    if not isinstance(found, dict):
        raise TypeError("not a map")
    return cast("dict[str, Any]", found)

"""A .pkpass: pass.json and its pictures, a manifest of their hashes, and a detached PKCS#7 signature over it.

Owns the package and its signing. The certificate is Apple's, given to the merchant, and is read once. Must not know what a pass says.
Source: Apple, Wallet Passes, "Building a pass".
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

_ICON = (112, 76, 52)


class PassSigner:
    """`certificate` is a PEM file with the pass type's certificate and its key, `chain` one with Apple's intermediate (empty: none). Raises
    ValueError or OSError if they cannot be read."""

    def __init__(self, certificate: str, chain: str = "") -> None:
        pem = Path(certificate).read_bytes()
        self._certificate, self._key = x509.load_pem_x509_certificate(pem), load_pem_private_key(pem, None)
        if not isinstance(self._key, RSAPrivateKey):
            raise ValueError("the key of a pass type's certificate is an RSA key")  # noqa: TRY004 - what is wrong is the file
        self._chain = x509.load_pem_x509_certificates(Path(chain).read_bytes()) if chain else []
        self._pictures = {f"icon{'' if scale == 1 else f'@{scale}x'}.png": _square(29 * scale) for scale in (1, 2, 3)}

    @property
    def ends_at(self) -> datetime:
        """Until when the certificate is good."""
        return self._certificate.not_valid_after_utc

    def package(self, document: Mapping[str, Any]) -> bytes:
        files = {"pass.json": json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), **self._pictures}
        manifest = json.dumps({name: hashlib.sha1(content).hexdigest() for name, content in files.items()}).encode()  # noqa: S324 - Apple's format
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for name, content in {**files, "manifest.json": manifest, "signature": self._signed(manifest)}.items():
                package.writestr(name, content)
        return out.getvalue()

    def _signed(self, manifest: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest).add_signer(self._certificate, cast("RSAPrivateKey", self._key), hashes.SHA256())
        for one in self._chain:
            builder = builder.add_certificate(one)
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])


def _square(side: int) -> bytes:
    """A plain PNG: a wallet shows no pass without an icon."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\x00" + bytes(_ICON) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

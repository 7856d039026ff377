"""A coupon that can be checked without asking us: what it is bound to, in 150 signed bytes that fit a QR code.

Pure. Owns the layout, its reading, and what the claims say against a till. Must not hold a key: the signature is checked
by the `Checker` that is handed in, so that server and offline till judge by the same rules.

    text      MM1.<base 32 of body and signature>.<live code>     upper case: the alphanumeric mode of QR
    body      version 1 | key id 4 | coupon id 17 | device 8 | holder 8 | flags 1 | uses 1
              | issued 4 | good until 4 | starts 4 | ends 4 (Unix seconds) | places 1 + 6 each | benefit 1 + UTF-8 | alone 4 | currency 3
    flags     bit 0 at the till, bit 1 in the app, bit 2 the last two are there, bits 4-5 the trust of the visit, bits 6-7 the least trust asked for
    signature Ed25519 over CONTEXT and body

Device, holder and places stand as marks (the beginning of a hash): a till compares them, and reads nothing off them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from app.kernel.verdict import Fail
from app.security import rotating
from offers import caveats
from offers.caveats import Caveat
from offers.conditions import TRUST_ORDER
from offers.reasons import ReasonCode
from offers.till_reasons import TillReason

PREFIX = "MM1."
CONTEXT = b"moments coupon 1\0"
VERSION = 1
SIGNATURE_BYTES, MARK_BYTES, PLACE_BYTES, ID_BYTES = 64, 8, 6, 17
MOST_PLACES, ANYWHERE, BENEFIT_BYTES = 32, 255, 80
MOST_TEXT = 700
"""No scanned text is longer; what is, is not looked at."""

_HEAD = struct.Struct(">B4s17s8s8sBBIIII")
_TAIL = struct.Struct(">I3s")
_ANY_SUM = 2**32 - 1
_LOWER = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {c: i for i, c in enumerate(_LOWER)}
_TRUST = {rank: level for level, rank in TRUST_ORDER.items()}


class CheckedKey(NamedTuple):
    """What a checker knows of a key id: the public key's verdict, the key that live codes of that week are made with, whether it
    was revoked by then."""

    genuine: bool
    live_key: bytes
    revoked: bool = False


Checker = Callable[[bytes, bytes, bytes], CheckedKey | None]
"""(key id, message, signature) -> the verdict, or None for a key that is not known here (or not any more)."""


@dataclass(frozen=True, slots=True)
class Claims:
    """`device` and `holder` are marks of 8 bytes, `places` marks of 6 bytes or None for anywhere. Times are UTC.

    `alone_minor`: what may be taken off at most without a network, of a coupon that may take off more or has no bound; None where
    any sum will do. `currency` is empty in coupons that were signed before it stood there.
    """

    key_id: bytes
    coupon_id: str
    device: bytes
    holder: bytes
    at_till: bool
    in_app: bool
    trust: str
    min_trust: str
    uses: int
    issued_at: datetime
    good_until: datetime
    starts_at: datetime
    ends_at: datetime
    places: tuple[bytes, ...] | None
    benefit_text: str
    alone_minor: int | None = None
    currency: str = ""

    def caveats(self) -> tuple[Caveat, ...]:
        """As on the coupon itself, with marks in place of ids."""
        covered = () if self.places is None else (caveats.Places(tuple(p.hex() for p in self.places)),)
        return (
            caveats.Device(self.device.hex()),
            *covered,
            caveats.Channels(self.in_app, self.at_till),
            caveats.Window(self.starts_at, self.ends_at),
            caveats.Trust(self.min_trust),
            caveats.Uses(self.uses),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A text that has the form: claims, signature over `message`, and the live code as it stood."""

    claims: Claims
    message: bytes
    signature: bytes
    live_code: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Genuine, and shown by its own phone in `step`."""

    claims: Claims
    step: int


def place_mark(place_id: str) -> bytes:
    return hashlib.sha256(b"place\0" + place_id.encode()).digest()[:PLACE_BYTES]


def id_bytes(coupon_id: str) -> bytes:
    """`cpn_` and 26 base-32 digits as 17 bytes; raises ValueError for an id of another form."""
    digits = coupon_id.removeprefix("cpn_")
    if len(digits) != 26 or not coupon_id.startswith("cpn_") or any(c not in _VALUE for c in digits):
        raise ValueError("not a coupon id")
    number = 0
    for char in digits:
        number = number << 5 | _VALUE[char]
    return number.to_bytes(ID_BYTES, "big")


def _id_text(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    return "cpn_" + "".join(_LOWER[number >> shift & 31] for shift in range(125, -5, -5))


def body(claims: Claims) -> bytes:
    """The bytes to sign, after CONTEXT. Raises ValueError for more places than a code can carry."""
    places = claims.places
    if places is not None and len(places) > MOST_PLACES:
        raise ValueError("too many places for a code")
    flags = claims.at_till | claims.in_app << 1 | bool(claims.currency) << 2 | TRUST_ORDER[claims.trust] << 4 | TRUST_ORDER[claims.min_trust] << 6
    times = (int(t.timestamp()) for t in (claims.issued_at, claims.good_until, claims.starts_at, claims.ends_at))
    head = _HEAD.pack(
        VERSION, claims.key_id, id_bytes(claims.coupon_id), claims.device, claims.holder, flags, claims.uses, *times
    )
    benefit = claims.benefit_text.encode()[:BENEFIT_BYTES].decode(errors="ignore").encode()
    where = bytes([ANYWHERE]) if places is None else bytes([len(places)]) + b"".join(places)
    alone = _ANY_SUM if claims.alone_minor is None else min(claims.alone_minor, _ANY_SUM - 1)
    tail = _TAIL.pack(alone, claims.currency.encode()) if claims.currency else b""
    return head + where + bytes([len(benefit)]) + benefit + tail


def signed_text(signed_body: bytes, signature: bytes) -> str:
    """`MM1.<...>` without a live code: what a phone keeps."""
    return PREFIX + base64.b32encode(signed_body + signature).decode().rstrip("=")


def with_live_code(token: str, live_code: str) -> str:
    return f"{token}.{live_code}"


def _claims(raw: bytes) -> tuple[Claims, int] | None:
    """The claims and where the body ends; None if the bytes do not hold that much."""
    if len(raw) < _HEAD.size + 2:
        return None
    _, key_id, coupon, device, holder, flags, uses, *times = _HEAD.unpack_from(raw)
    at = _HEAD.size
    count = raw[at]
    at += 1
    places = None
    if count != ANYWHERE:
        end = at + count * PLACE_BYTES
        places = tuple(raw[k : k + PLACE_BYTES] for k in range(at, end, PLACE_BYTES))
        at = end
    if at >= len(raw):
        return None
    end = at + 1 + raw[at]
    issued, good, starts, ends = (datetime.fromtimestamp(t, UTC) for t in times)
    trust, least = _TRUST.get(flags >> 4 & 3, ""), _TRUST.get(flags >> 6 & 3, "")
    text = raw[at + 1 : end].decode(errors="replace")
    alone, currency = _ANY_SUM, b""
    if flags & 4:
        if len(raw) < end + _TAIL.size:
            return None
        alone, currency = _TAIL.unpack_from(raw, end)
        end += _TAIL.size
    claims = Claims(
        key_id, _id_text(coupon), device, holder, bool(flags & 1), bool(flags & 2), trust, least, uses, issued, good,
        starts, ends, places, text, None if alone == _ANY_SUM else alone, currency.decode(errors="replace"),
    )  # fmt: skip
    return claims, end


def read(text: str) -> Shown | Fail:
    """The parts of a scanned text; whether they are genuine is asked of `judge`."""
    token, _, live_code = text.strip().upper().removeprefix(PREFIX).partition(".")
    if len(text) > MOST_TEXT or not text.strip().upper().startswith(PREFIX):
        return Fail(TillReason.SIGNED_CODE_MALFORMED)
    try:
        raw = base64.b32decode(token + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return Fail(TillReason.SIGNED_CODE_MALFORMED)
    if raw[:1] != bytes([VERSION]):
        return Fail(TillReason.SIGNED_CODE_MALFORMED)
    found = _claims(raw)
    if found is None or len(raw) < found[1] + SIGNATURE_BYTES:
        return Fail(TillReason.SIGNED_CODE_TRUNCATED)
    claims, end = found
    if len(raw) > end + SIGNATURE_BYTES or not claims.trust or not claims.min_trust:
        return Fail(TillReason.SIGNED_CODE_MALFORMED)
    return Shown(claims, CONTEXT + raw[:end], raw[end:], live_code)


def judge(text: str, at: datetime, checker: Checker) -> Judged | Fail:
    """Is it ours, of now, and shown by the phone it was given to? The first that fails; nothing after it means anything then."""
    shown = read(text)
    if isinstance(shown, Fail):
        return shown
    claims = shown.claims
    known = checker(claims.key_id, shown.message, shown.signature)
    if known is None:
        return Fail(TillReason.SIGNED_CODE_KEY_UNKNOWN)
    if known.revoked:
        return Fail(TillReason.SIGNED_CODE_KEY_REVOKED)
    if not known.genuine:
        return Fail(TillReason.SIGNED_CODE_FORGED)
    if at >= claims.good_until and at < claims.ends_at:
        return Fail(TillReason.SIGNED_CODE_OUTDATED)
    if not shown.live_code:
        return Fail(TillReason.LIVE_CODE_NEEDED)
    secret = rotating.device_secret(known.live_key, id_bytes(claims.coupon_id), claims.device)
    step = rotating.step_made(secret, shown.live_code, at.timestamp())
    if step is None:
        return Fail(TillReason.LIVE_CODE_WRONG)
    if not step.good:
        reason = TillReason.LIVE_CODE_LATE if step.late > 0 else TillReason.LIVE_CODE_EARLY
        return Fail(reason, {"apart_s": abs(step.late) * rotating.STEP_S})
    return Judged(claims, step.number)


def too_much_alone(claims: Claims, given_minor: int | None) -> Fail | None:
    """What is worth much waits for the network, where all rules are asked; `given_minor` is what the clerk says she takes off."""
    if claims.alone_minor is None or (given_minor is not None and given_minor <= claims.alone_minor):
        return None
    return Fail(TillReason.SUM_NEEDED if given_minor is None and claims.alone_minor > 0 else TillReason.ONLY_WITH_NETWORK)


def against(claims: Claims, at: datetime, place_id: str, given_minor: int | None = None) -> tuple[Fail, ...]:
    """What the coupon itself says against using it at this till now, as far as a till without a network can know."""
    context = caveats.Context(
        at, caveats.TILL, None, place_mark(place_id).hex(), claims.trust, device=claims.device.hex()
    )
    found = caveats.refusals(claims.caveats(), context)
    named = ({"place_id": place_id} if f.reason == ReasonCode.PLACE_NOT_COVERED else f.facts for f in found)
    much = too_much_alone(claims, given_minor)
    return (*(Fail(f.reason, facts) for f, facts in zip(found, named, strict=True)), *((much,) if much else ()))

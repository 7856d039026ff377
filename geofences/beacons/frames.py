"""What a beacon says: advertisements of iBeacon, AltBeacon, Eddystone-UID and Eddystone-EID, from bytes and from words.

Owns the layouts (Bluetooth Core Supplement part A for the outer structure; Apple's, Radius Networks' and Google's published
layouts for the inner). Pure. It must not know which beacons are registered. What cannot be read is refused by name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

EDDYSTONE_UUID = 0xFEAA
APPLE = 0x004C
LOSS_IN_FIRST_METRE_DB = 41
"""Eddystone says its strength at 0 m, the others at 1 m; the difference is fixed by the layout's authors."""
MOST_BYTES = 255


class Kind(StrEnum):
    IBEACON = "ibeacon"
    ALTBEACON = "altbeacon"
    EDDYSTONE_UID = "eddystone_uid"
    EDDYSTONE_EID = "eddystone_eid"


class FrameReason(StrEnum):
    """Why an advertisement is not one of a beacon."""

    NOT_TEXT = "advertisement_not_text"
    NOT_BYTES = "advertisement_not_bytes"
    TOO_LONG = "advertisement_too_long"
    CUT_SHORT = "advertisement_cut_short"
    NO_BEACON = "advertisement_no_beacon"
    WRONG_LENGTH = "frame_wrong_length"
    RESERVED_BITS = "frame_reserved_bits"
    NO_IDENTITY = "frame_without_identity"
    KIND_UNKNOWN = "beacon_kind_unknown"
    UUID_INVALID = "uuid_invalid"
    NUMBER_OUT_OF_RANGE = "beacon_number_out_of_range"
    ID_INVALID = "beacon_id_invalid"


FRAME_REASONS: dict[str, str] = {
    FrameReason.NOT_TEXT: "advertisement must be text: the bytes in hexadecimal or base64.",
    FrameReason.NOT_BYTES: "advertisement is neither hexadecimal nor base64.",
    FrameReason.TOO_LONG: "advertisement holds more than 255 bytes; send the payload of one advertisement.",
    FrameReason.CUT_SHORT: "A structure in the advertisement claims more bytes than there are.",
    FrameReason.NO_BEACON: "The advertisement is of no kind known here: iBeacon, AltBeacon, Eddystone-UID or Eddystone-EID.",
    FrameReason.WRONG_LENGTH: "The beacon's frame has not the length of its kind.",
    FrameReason.RESERVED_BITS: "Bits of an Eddystone frame that must be 0 are not.",
    FrameReason.NO_IDENTITY: "The frame's identity is all zeros: the beacon was never given one.",
    FrameReason.KIND_UNKNOWN: "kind must be ibeacon, altbeacon, eddystone_uid or eddystone_eid.",
    FrameReason.UUID_INVALID: "uuid must be 32 hexadecimal digits, with or without hyphens.",
    FrameReason.NUMBER_OUT_OF_RANGE: "major and minor must be whole numbers from 0 to 65535, strengths from -127 to 20 dBm.",
    FrameReason.ID_INVALID: "namespace has 20, instance 12, eid 16 and an AltBeacon id 40 hexadecimal digits.",
}


class Malformed(Exception):
    """An advertisement or its description cannot be read; `field` names the member, `reason` the code."""

    def __init__(self, reason: FrameReason, field: str = "advertisement") -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


@dataclass(frozen=True, slots=True)
class Frame:
    """One beacon's word. `identity` is canonical text of what it calls itself, not unique to a transmitter; for an ephemeral one
    it changes with time. `power_dbm`: the strength it claims at 1 m."""

    kind: Kind
    identity: str
    power_dbm: int | None

    @property
    def rotating(self) -> bool:
        return self.kind is Kind.EDDYSTONE_EID


def read_advertisement(text: object) -> Frame:
    """The beacon in an advertisement given as hexadecimal (spaces, colons and 0x allowed) or base64; raises `Malformed`."""
    if not isinstance(text, str):
        raise Malformed(FrameReason.NOT_TEXT)
    return read_bytes(_to_bytes(text))


def _to_bytes(text: str) -> bytes:
    if len(text) > 4 * MOST_BYTES:
        raise Malformed(FrameReason.TOO_LONG)
    packed = re.sub(r"[\s:-]", "", text).removeprefix("0x").removeprefix("0X")
    if packed and len(packed) % 2 == 0 and re.fullmatch(r"[0-9A-Fa-f]+", packed):
        raw = bytes.fromhex(packed)
    else:
        try:
            body = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
            raw = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise Malformed(FrameReason.NOT_BYTES) from None
    if not raw:
        raise Malformed(FrameReason.NOT_BYTES)
    if len(raw) > MOST_BYTES:
        raise Malformed(FrameReason.TOO_LONG)
    return raw


def read_bytes(raw: bytes) -> Frame:
    """The first beacon in an advertisement's payload; raises `Malformed`, for a beacon's frame that is wrong with what is wrong."""
    for kind, data in _structures(raw):
        found = None
        if kind == 0xFF and len(data) >= 4:
            found = _manufacturers(data)
        elif kind == 0x16 and len(data) >= 3 and int.from_bytes(data[:2], "little") == EDDYSTONE_UUID:
            found = _eddystone(data[2:])
        if found is not None:
            return found
    raise Malformed(FrameReason.NO_BEACON)


def _structures(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, data) of each length-type-value structure; zeros fill up the end."""
    at = 0
    while at < len(raw) and raw[at] != 0:
        end = at + 1 + raw[at]
        if end > len(raw):
            raise Malformed(FrameReason.CUT_SHORT)
        yield raw[at + 1], raw[at + 2 : end]
        at = end


def _manufacturers(data: bytes) -> Frame | None:
    maker = int.from_bytes(data[:2], "little")
    if maker == APPLE and data[2] == 0x02:
        if data[3] != 0x15 or len(data) != 25:
            raise Malformed(FrameReason.WRONG_LENGTH)
        major, minor = int.from_bytes(data[20:22], "big"), int.from_bytes(data[22:24], "big")
        return ibeacon(UUID(bytes=data[4:20]), major, minor, _signed(data[24]))
    if data[2:4] == b"\xbe\xac":
        if len(data) != 26:
            raise Malformed(FrameReason.WRONG_LENGTH)
        return Frame(Kind.ALTBEACON, _present(data[4:24]).hex(), _signed(data[24]))
    return None


def _eddystone(frame: bytes) -> Frame | None:
    kind = frame[0]
    if kind & 0xF0 in (0x00, 0x30) and kind & 0x0F:
        raise Malformed(FrameReason.RESERVED_BITS)
    if kind == 0x00:
        if len(frame) not in (18, 20):  # early beacons leave the two reserved bytes out
            raise Malformed(FrameReason.WRONG_LENGTH)
        return Frame(Kind.EDDYSTONE_UID, _present(frame[2:18]).hex(), _signed(frame[1]) - LOSS_IN_FIRST_METRE_DB)
    if kind == 0x30:
        if len(frame) != 10:
            raise Malformed(FrameReason.WRONG_LENGTH)
        return Frame(Kind.EDDYSTONE_EID, frame[2:10].hex(), _signed(frame[1]) - LOSS_IN_FIRST_METRE_DB)
    return None  # addresses and telemetry say nothing of who speaks


def _present(identity: bytes) -> bytes:
    if not any(identity):
        raise Malformed(FrameReason.NO_IDENTITY)
    return identity


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def ibeacon(uuid: UUID, major: int, minor: int, power_dbm: int | None) -> Frame:
    _present(uuid.bytes)
    return Frame(Kind.IBEACON, f"{uuid}/{major}/{minor}", power_dbm)


# -- from words ------------------------------------------------------------------------------------------------------


def read_words(raw: Mapping[str, Any]) -> Frame:
    """A beacon as phones' libraries hand it over: `kind` and its ids, `tx_power_dbm` at 1 m if known; raises `Malformed`.

    Without `kind` the members tell: uuid, namespace, eid or id.
    """
    power = _number(raw, "tx_power_dbm", -127, 20)
    kind = _kind(raw)
    if kind is Kind.IBEACON:
        try:
            uuid = UUID(str(raw.get("uuid")))
        except ValueError:
            raise Malformed(FrameReason.UUID_INVALID, "uuid") from None
        major, minor = (_number(raw, name, 0, 65_535) for name in ("major", "minor"))
        if major is None or minor is None:
            raise Malformed(FrameReason.NUMBER_OUT_OF_RANGE, "major" if major is None else "minor")
        return ibeacon(uuid, major, minor, power)
    if kind is Kind.EDDYSTONE_UID:
        return Frame(kind, _hex(raw, "namespace", 10) + _hex(raw, "instance", 6), power)
    if kind is Kind.EDDYSTONE_EID:
        return Frame(kind, _hex(raw, "eid", 8), power)
    return Frame(kind, _hex(raw, "id", 20), power)


def _kind(raw: Mapping[str, Any]) -> Kind:
    given = raw.get("kind")
    if given is None:
        signs = {"uuid": Kind.IBEACON, "namespace": Kind.EDDYSTONE_UID, "eid": Kind.EDDYSTONE_EID, "id": Kind.ALTBEACON}
        for name, kind in signs.items():
            if raw.get(name) is not None:
                return kind
    elif isinstance(given, str) and given in {kind.value for kind in Kind}:
        return Kind(given)
    raise Malformed(FrameReason.KIND_UNKNOWN, "kind")


def _number(raw: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Malformed(FrameReason.NUMBER_OUT_OF_RANGE, name)
    if int(value) != value:
        raise Malformed(FrameReason.NUMBER_OUT_OF_RANGE, name)
    return int(value)


def _hex(raw: Mapping[str, Any], name: str, size: int) -> str:
    text = raw.get(name)
    packed = re.sub(r"[\s:-]", "", text).lower().removeprefix("0x") if isinstance(text, str) else ""
    if not (len(packed) == 2 * size and re.fullmatch(r"[0-9a-f]+", packed)):
        raise Malformed(FrameReason.ID_INVALID, name)
    if not any(bytes.fromhex(packed)) and name not in {"instance", "eid"}:
        raise Malformed(FrameReason.NO_IDENTITY, name)
    return packed

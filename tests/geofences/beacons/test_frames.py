"""Advertisements: each kind from bytes and from words, and every way to be wrong, by name."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofences.beacons.frames import (
    FRAME_REASONS,
    Frame,
    FrameReason,
    Kind,
    Malformed,
    read_advertisement,
    read_bytes,
    read_words,
)

UUID_TEXT = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
IBEACON = "02 01 06 1A FF 4C00 02 15 F7826DA64FA24E988024BC5B71E0893E 0102 FFFE C5"
ALTBEACON = "02 01 06 1B FF 18 01 BE AC F7826DA64FA24E988024BC5B71E0893E 0001 0002 C5 00"
UID = "02 01 06 03 03 AA FE 17 16 AA FE 00 EE 00112233445566778899 AABBCCDDEEFF 0000"
EID = "02 01 06 03 03 AA FE 0D 16 AA FE 30 EE a9b76a71c5f89290"


def why(call: Any, raw: Any) -> tuple[str, str]:
    with pytest.raises(Malformed) as wrong:
        call(raw)
    return str(wrong.value.reason), wrong.value.field


def outcome(call: Any, raw: Any) -> str:
    """The identity, or the words of the reason; anything else that is raised is an error."""
    try:
        return call(raw).identity
    except Malformed as wrong:
        return FRAME_REASONS[wrong.reason]


class TestReadAdvertisement:
    def test_an_ibeacon(self) -> None:
        assert read_advertisement(IBEACON) == Frame(Kind.IBEACON, f"{UUID_TEXT}/258/65534", -59)

    def test_an_altbeacon(self) -> None:
        assert read_advertisement(ALTBEACON) == Frame(Kind.ALTBEACON, UUID(UUID_TEXT).hex + "00010002", -59)

    def test_an_altbeacon_of_any_maker(self) -> None:
        assert read_advertisement(ALTBEACON.replace("18 01", "5D 00")).kind is Kind.ALTBEACON

    def test_an_eddystone_uid_says_its_strength_at_nought_metres(self) -> None:
        assert read_advertisement(UID) == Frame(Kind.EDDYSTONE_UID, "00112233445566778899aabbccddeeff", -18 - 41)

    def test_early_uids_leave_the_reserved_bytes_out(self) -> None:
        short = UID.replace("17 16", "15 16").removesuffix(" 0000")
        assert read_advertisement(short) == read_advertisement(UID)

    def test_an_eddystone_eid_rotates(self) -> None:
        found = read_advertisement(EID)
        assert found == Frame(Kind.EDDYSTONE_EID, "a9b76a71c5f89290", -59)
        assert found.rotating
        assert not read_advertisement(UID).rotating

    @pytest.mark.parametrize("text", [IBEACON, ALTBEACON, UID, EID])
    def test_base64_and_other_writings_of_the_same_bytes(self, text: str) -> None:
        raw = bytes.fromhex(text.replace(" ", ""))
        for written in (
            base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(raw).decode().rstrip("="),
            "0x" + raw.hex(),
            ":".join(f"{b:02X}" for b in raw),
        ):
            assert read_advertisement(written) == read_bytes(raw)

    def test_zeros_after_the_last_structure_are_padding(self) -> None:
        assert read_advertisement(IBEACON + " 00 00 00 00").kind is Kind.IBEACON

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (7, FrameReason.NOT_TEXT),
            (None, FrameReason.NOT_TEXT),
            ("", FrameReason.NOT_BYTES),
            ("no bytes!", FrameReason.NOT_BYTES),
            ("00" * 256, FrameReason.TOO_LONG),
            ("02" * 5_000_000, FrameReason.TOO_LONG),
            (IBEACON[:-3], FrameReason.CUT_SHORT),
            ("02 01 06", FrameReason.NO_BEACON),
            ("02 01 06 03 03 AA FE 0D 16 AA FE 10 EE 0068747470733a", FrameReason.CUT_SHORT),
            ("0A 16 AA FE 10 EE 00 61 62 63 64", FrameReason.NO_BEACON),
            ("1A FF 4C00 02 16 F7826DA64FA24E988024BC5B71E0893E 0102 FFFE C5", FrameReason.WRONG_LENGTH),
            ("19 FF 4C00 02 15 F7826DA64FA24E988024BC5B71E0893E 0102 FFFE", FrameReason.WRONG_LENGTH),
            ("1A FF 4C00 02 15 00000000000000000000000000000000 0102 FFFE C5", FrameReason.NO_IDENTITY),
            ("06 FF 1801 BEAC 00", FrameReason.WRONG_LENGTH),
            (EID.replace("30 EE", "31 EE"), FrameReason.RESERVED_BITS),
            (EID.replace("0D 16", "0C 16")[:-2], FrameReason.WRONG_LENGTH),
            ("17 16 AA FE 00 EE 00000000000000000000 000000000000 0000", FrameReason.NO_IDENTITY),
            ("03 16 AA FE", FrameReason.NO_BEACON),
        ],
    )
    def test_what_cannot_be_read_is_refused_by_name(self, text: object, reason: FrameReason) -> None:
        assert why(read_advertisement, text) == (reason, "advertisement")

    @given(st.binary(max_size=80))
    def test_any_bytes_are_a_beacon_or_named(self, raw: bytes) -> None:
        assert outcome(read_bytes, raw)

    @given(st.text(max_size=80))
    def test_any_text_is_a_beacon_or_named(self, text: str) -> None:
        assert outcome(read_advertisement, text)


class TestReadWords:
    def test_the_same_beacon_in_bytes_and_in_words_is_the_same(self) -> None:
        words = {"uuid": UUID_TEXT.upper(), "major": 258, "minor": 65534, "tx_power_dbm": -59}
        assert read_words(words) == read_advertisement(IBEACON)
        assert read_words({"eid": "A9B76A71C5F89290", "tx_power_dbm": -59}) == read_advertisement(EID)
        uid = {
            "kind": "eddystone_uid",
            "namespace": "00112233445566778899",
            "instance": "aabbccddeeff",
            "tx_power_dbm": -59,
        }
        assert read_words(uid) == read_advertisement(UID)
        assert read_words(
            {"kind": "altbeacon", "id": UUID(UUID_TEXT).hex + "00010002", "tx_power_dbm": -59}
        ) == read_advertisement(ALTBEACON)

    def test_a_strength_may_be_unknown(self) -> None:
        assert read_words({"uuid": UUID_TEXT, "major": 0, "minor": 0}).power_dbm is None

    @pytest.mark.parametrize(
        ("raw", "reason", "field"),
        [
            ({}, FrameReason.KIND_UNKNOWN, "kind"),
            ({"kind": "wifi"}, FrameReason.KIND_UNKNOWN, "kind"),
            ({"kind": 5}, FrameReason.KIND_UNKNOWN, "kind"),
            ({"uuid": "x", "major": 1, "minor": 1}, FrameReason.UUID_INVALID, "uuid"),
            ({"uuid": UUID_TEXT, "major": 65536, "minor": 1}, FrameReason.NUMBER_OUT_OF_RANGE, "major"),
            ({"uuid": UUID_TEXT, "major": 1, "minor": -1}, FrameReason.NUMBER_OUT_OF_RANGE, "minor"),
            ({"uuid": UUID_TEXT, "major": 1.5, "minor": 1}, FrameReason.NUMBER_OUT_OF_RANGE, "major"),
            ({"uuid": UUID_TEXT, "major": True, "minor": 1}, FrameReason.NUMBER_OUT_OF_RANGE, "major"),
            ({"uuid": UUID_TEXT, "minor": 1}, FrameReason.NUMBER_OUT_OF_RANGE, "major"),
            ({"uuid": UUID_TEXT, "major": 1}, FrameReason.NUMBER_OUT_OF_RANGE, "minor"),
            ({"uuid": UUID_TEXT, "major": 1, "minor": float("nan")}, FrameReason.NUMBER_OUT_OF_RANGE, "minor"),
            (
                {"uuid": UUID_TEXT, "major": 1, "minor": 1, "tx_power_dbm": 21},
                FrameReason.NUMBER_OUT_OF_RANGE,
                "tx_power_dbm",
            ),
            ({"eid": "a9b76a71c5f892"}, FrameReason.ID_INVALID, "eid"),
            ({"namespace": "0011", "instance": "aabbccddeeff"}, FrameReason.ID_INVALID, "namespace"),
            ({"namespace": "00112233445566778899"}, FrameReason.ID_INVALID, "instance"),
            ({"namespace": "0" * 20, "instance": "aabbccddeeff"}, FrameReason.NO_IDENTITY, "namespace"),
            ({"kind": "altbeacon", "id": 5}, FrameReason.ID_INVALID, "id"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_member(self, raw: dict[str, Any], reason: FrameReason, field: str) -> None:
        assert why(read_words, raw) == (reason, field)


class TestFrameReasons:
    def test_every_reason_has_words(self) -> None:
        assert set(FRAME_REASONS) == set(FrameReason)

"""A signed coupon: read back as it was, and refused by name when cut, changed, foreign, late, or shown by another phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import Fail
from app.security import rotating
from offers import coupon_token as token
from offers.coupon_token import CheckedKey, Claims, Judged, Shown

NOW = datetime(2026, 11, 22, 12, 0, 3, tzinfo=UTC)
KEY_ID, LIVE_KEY = b"\x01\x02\x03\x04", b"k" * 32
CLAIMS = Claims(
    key_id=KEY_ID, coupon_id="cpn_01kdkmq5dkd7a2m3n4p5q6r7s8", device=b"device-1", holder=b"holder-1", at_till=True, in_app=False,
    trust="corroborated", min_trust="claimed", uses=1, issued_at=NOW, good_until=NOW + timedelta(hours=12), starts_at=NOW,
    ends_at=NOW + timedelta(days=1), places=(token.place_mark("plc_kluuvi"), token.place_mark("plc_kamppi")),
    benefit_text="20 % off, up to €5.00", alone_minor=20_000, currency="EUR",
)  # fmt: skip

ANY_SUM = replace(CLAIMS, alone_minor=None)


def mac(message: bytes) -> bytes:
    """In place of a signature: this file tests what is done with the answer of the checker."""
    return (message[-32:] * 64)[:32] + bytes(sum(message[i::32]) & 255 for i in range(32))


def checker(key_id: bytes, message: bytes, signature: bytes) -> CheckedKey | None:
    return CheckedKey(signature == mac(message), LIVE_KEY) if key_id == KEY_ID else None


def signed(claims: Claims = CLAIMS) -> str:
    body = token.body(claims)
    return token.signed_text(body, mac(token.CONTEXT + body))


def shown(claims: Claims = CLAIMS, at: datetime = NOW, device: bytes | None = None) -> str:
    secret = rotating.device_secret(LIVE_KEY, token.id_bytes(claims.coupon_id), device or claims.device)
    return token.with_live_code(signed(claims), rotating.live_code(secret, at.timestamp()))


def reason(text: str, at: datetime = NOW) -> str:
    found = token.judge(text, at, checker)
    return found.reason if isinstance(found, Fail) else ""


class TestRead:
    def test_reads_what_was_written(self) -> None:
        found = token.read(shown())
        assert isinstance(found, Shown)
        assert found.claims == replace(CLAIMS, issued_at=NOW.replace(microsecond=0))

    @given(
        st.lists(st.binary(min_size=6, max_size=6), max_size=token.MOST_PLACES).map(tuple) | st.none(),
        st.text(max_size=60),
        st.booleans(),
        st.sampled_from(["claimed", "corroborated", "verified"]),
        st.binary(min_size=16, max_size=16),
        st.integers(0, 2**130 - 1),
        st.integers(0, 2**32 - 2) | st.none(),
    )
    def test_any_claims(self, places: tuple[bytes, ...] | None, benefit: str, flag: bool, trust: str, marks: bytes, number: int, alone_minor: int | None) -> None:
        coupon_id = "cpn_" + "".join("0123456789abcdefghjkmnpqrstvwxyz"[number >> s & 31] for s in range(125, -5, -5))
        claims = replace(
            CLAIMS, places=places, benefit_text=benefit, at_till=flag, in_app=not flag, trust=trust, min_trust=trust, coupon_id=coupon_id,
            device=marks[:8], holder=marks[8:], alone_minor=alone_minor,
        )  # fmt: skip
        found = token.read(signed(claims))
        assert isinstance(found, Shown)
        kept = found.claims.benefit_text
        assert replace(found.claims, benefit_text="") == replace(claims, benefit_text="")
        assert kept == benefit or (benefit.startswith(kept) and len(benefit.encode()) > token.BENEFIT_BYTES)

    def test_one_that_was_signed_before_sums_stood_there_is_good_for_any(self) -> None:
        old = replace(CLAIMS, alone_minor=None, currency="")
        found = token.read(signed(old))
        assert isinstance(found, Shown)
        assert found.claims == replace(old, issued_at=NOW.replace(microsecond=0))
        assert len(token.body(CLAIMS)) - len(token.body(old)) == 7

    def test_a_sum_beyond_what_fits_is_the_most_that_does(self) -> None:
        found = token.read(signed(replace(CLAIMS, alone_minor=10**12)))
        assert isinstance(found, Shown)
        assert found.claims.alone_minor == 2**32 - 2

    def test_a_text_too_long_for_its_place_is_cut_at_a_letter(self) -> None:
        found = token.read(signed(replace(CLAIMS, benefit_text="€" * 60)))
        assert isinstance(found, Shown)
        assert found.claims.benefit_text == "€" * 26

    def test_small_letters_and_spaces_around_are_read(self) -> None:
        assert token.read(f" {shown().lower()}\n") == token.read(shown())

    def test_more_places_than_a_code_carries(self) -> None:
        with pytest.raises(ValueError, match="too many places"):
            token.body(replace(CLAIMS, places=(b"123456",) * 33))

    def test_it_fits_a_small_qr_code(self) -> None:
        code = segno.make(shown(), error="m", micro=False)
        assert (code.mode, len(shown())) == ("alphanumeric", 276)
        assert code.version <= 10


class TestRefusedByName:
    def test_good(self) -> None:
        found = token.judge(shown(), NOW, checker)
        assert found == Judged(CLAIMS, rotating.step_of(NOW.timestamp()))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (lambda: "", "signed_code_malformed"),
            (lambda: "MM1.", "signed_code_malformed"),
            (lambda: "MM2." + shown()[4:], "signed_code_malformed"),
            (lambda: "MM1." + "0" * 40, "signed_code_malformed"),  # no sign of base 32
            (lambda: "MM1." + "A" * 40, "signed_code_malformed"),  # version 0
            (lambda: "MM1." + "A" * 800, "signed_code_malformed"),
            (lambda: "7K3F-9QPM-X2TD-WV4C", "signed_code_malformed"),
            (lambda: signed()[:-8], "signed_code_truncated"),
            (lambda: signed()[:60], "signed_code_truncated"),
            (lambda: shown(replace(CLAIMS, key_id=b"else")), "signed_code_key_unknown"),
            (signed, "live_code_needed"),
            (lambda: token.with_live_code(signed(), "00000000"), "live_code_wrong"),
            (lambda: token.with_live_code(signed(), "x" * 8), "live_code_wrong"),
            (lambda: shown(device=b"device-2"), "live_code_wrong"),
            (lambda: shown(at=NOW - timedelta(seconds=45)), "live_code_late"),
            (lambda: shown(at=NOW + timedelta(seconds=45)), "live_code_early"),
            (lambda: shown(replace(CLAIMS, good_until=NOW)), "signed_code_outdated"),
        ],
    )
    def test_each(self, text: Callable[[], str], expected: str) -> None:
        assert reason(text()) == expected

    def test_every_cut_is_refused(self) -> None:
        text = signed()
        for end in range(len(text)):
            assert reason(text[:end]) in ("signed_code_malformed", "signed_code_truncated"), end

    def test_every_changed_character_is_refused(self) -> None:
        text = signed()
        for k in range(4, len(text)):
            other = text[:k] + ("B" if text[k] == "A" else "A") + text[k + 1 :]
            assert reason(other) not in ("", "live_code_needed") or token.read(other) == token.read(text), k

    @given(st.text(max_size=120), st.sampled_from(["", "MM1."]))
    def test_any_text_is_an_answer(self, text: str, prefix: str) -> None:
        assert reason(prefix + text) in ("signed_code_malformed", "signed_code_truncated", "signed_code_key_unknown")

    def test_how_far_the_clocks_are_apart_is_told(self) -> None:
        assert token.judge(shown(at=NOW - timedelta(seconds=45)), NOW, checker) == Fail("live_code_late", {"apart_s": 45})


class TestAgainst:
    def against(self, claims: Claims = ANY_SUM, at: datetime = NOW, place_id: str = "plc_kluuvi") -> list[str]:
        return [f.reason for f in token.against(claims, at, place_id)]

    def test_nothing(self) -> None:
        assert self.against() == []
        assert self.against(replace(ANY_SUM, places=None), place_id="plc_anywhere") == []

    def test_another_store(self) -> None:
        assert token.against(ANY_SUM, NOW, "plc_tokyo") == (Fail("place_not_covered", {"place_id": "plc_tokyo"}),)

    def test_too_early_too_late_wrong_channel_too_little_trust(self) -> None:
        assert self.against(at=NOW - timedelta(seconds=4)) == ["coupon_not_yet_valid"]
        assert self.against(at=NOW + timedelta(days=1)) == ["coupon_expired"]
        assert self.against(replace(ANY_SUM, at_till=False)) == ["channel_not_covered"]
        assert self.against(replace(ANY_SUM, min_trust="verified")) == ["trust_too_low"]

    @pytest.mark.parametrize(
        ("alone_minor", "given_minor", "expected"),
        [
            (None, None, []), (None, 10**9, []), (20_000, 20_000, []), (20_000, 20_001, ["only_with_network"]), (20_000, None, ["sum_needed"]),
            (0, None, ["only_with_network"]), (0, 1, ["only_with_network"]), (0, 0, []),
        ],
    )  # fmt: skip
    def test_what_is_worth_much_waits_for_the_network(self, alone_minor: int | None, given_minor: int | None, expected: list[str]) -> None:
        claims = replace(CLAIMS, alone_minor=alone_minor)
        assert [f.reason for f in token.against(claims, NOW, "plc_kluuvi", given_minor)] == expected

    def test_all_at_once(self) -> None:
        wrong = replace(CLAIMS, min_trust="verified", at_till=False)
        assert self.against(wrong, NOW + timedelta(days=2), "plc_tokyo") == [
            "place_not_covered", "channel_not_covered", "coupon_expired", "trust_too_low", "sum_needed",
        ]  # fmt: skip


class TestIdBytes:
    @pytest.mark.parametrize("text", ["", "cpn_", "cpn_" + "i" * 26, "ord_" + "0" * 26, "cpn_" + "0" * 27])
    def test_what_is_no_id(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a coupon id"):
            token.id_bytes(text)

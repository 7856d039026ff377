"""Coupon codes: every single slip of a finger is caught, every way of writing is read."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from offers import codes

bits = st.integers(min_value=0, max_value=2**codes.RANDOM_BITS - 1)


def code_for(value: int) -> str:
    return codes.new_code(lambda n: value)


class TestNewCode:
    def test_shape_and_strength(self) -> None:
        assert codes.RANDOM_BITS == 75
        asked: list[int] = []
        code = codes.new_code(lambda n: asked.append(n) or 0)
        assert asked == [75]
        assert code == "0" * 16

    def test_exact_values(self) -> None:
        assert code_for(1) == "000000000000001Z"  # a^15 = 11111
        assert code_for(2**75 - 1)[:15] == "Z" * 15

    def test_the_weights_are_distinct(self) -> None:
        assert len(set(codes._WEIGHTS)) == 16

    def test_all_bits_are_used(self) -> None:
        assert len({code_for(1 << k) for k in range(75)}) == 75

    @given(bits)
    def test_reads_back(self, value: int) -> None:
        code = code_for(value)
        assert codes.normalise(code) == code

    def test_with_the_real_source(self) -> None:
        made = {codes.new_code(secrets.randbits) for _ in range(1000)}
        assert len(made) == 1000


class TestApart:
    def test_live_digits_follow_the_code(self) -> None:
        code = code_for(2**75 - 1)
        assert codes.apart(f"{codes.shown(code)} 1234 5678") == (code, "12345678")
        assert codes.apart(f"{code.lower()}1234567o") == (code.lower(), "12345670")

    def test_a_code_alone_and_what_is_none(self) -> None:
        for text in (code_for(1), "", "x" * 25, "x" * 701):
            assert codes.apart(text) == (text, "")


class TestLiveTarget:
    def test_is_the_code_when_digits_follow_it_however_it_is_written(self) -> None:
        code = codes.new_code(lambda bits: 2**bits // 3)
        assert codes.live_target(f"{codes.shown(code)} 1234 5678") == code
        assert codes.live_target(f"{code.lower()}00000000") == code

    def test_none_without_digits_or_without_a_code(self) -> None:
        code = codes.new_code(lambda bits: 2**bits // 3)
        wrong = ("0" if code[0] != "0" else "1") + code[1:]
        for text in (code, codes.shown(code), f"{wrong}12345678", "", "x" * 700):
            assert codes.live_target(text) is None


class TestNormalise:
    @given(bits, st.integers(0, 15), st.sampled_from(codes.ALPHABET))
    def test_every_single_substitution_is_caught(self, value: int, where: int, char: str) -> None:
        code = code_for(value)
        wrong = code[:where] + char + code[where + 1 :]
        assert (codes.normalise(wrong) is None) == (wrong != code)

    @given(bits, st.integers(0, 14))
    def test_every_adjacent_transposition_is_caught(self, value: int, where: int) -> None:
        code = code_for(value)
        wrong = code[:where] + code[where + 1] + code[where] + code[where + 2 :]
        assert (codes.normalise(wrong) is None) == (wrong != code)

    @given(bits, st.integers(0, 15), st.integers(0, 15))
    def test_so_is_every_other_exchange_of_two(self, value: int, a: int, b: int) -> None:
        chars = list(code_for(value))
        chars[a], chars[b] = chars[b], chars[a]
        wrong = "".join(chars)
        assert (codes.normalise(wrong) is None) == (wrong != code_for(value))

    @given(bits)
    def test_forgives_case_spaces_dashes_and_look_alikes(self, value: int) -> None:
        code = code_for(value)
        sloppy = codes.shown(code).lower().replace("-", " \u2013 ").replace("0", "o").replace("1", "l")
        assert codes.normalise(f"\n{sloppy} ") == code
        assert codes.normalise(codes.shown(code).replace("1", "I").replace("0", "O")) == code

    @given(st.text(max_size=300))
    def test_any_text_is_none_or_canonical(self, text: str) -> None:
        found = codes.normalise(text)
        assert found is None or codes.normalise(found) == found

    def test_refuses_what_cannot_be_one(self) -> None:
        for text in ("", "7K3F", "0" * 15, "0" * 17, "U" * 16, "0" * 201, "\u0660" * 16, "\uff10" * 16):
            assert codes.normalise(text) is None


class TestShown:
    def test_groups_of_four(self) -> None:
        assert codes.shown("7K3F9QPMX2TDWV4C") == "7K3F-9QPM-X2TD-WV4C"

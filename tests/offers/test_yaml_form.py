"""YAML there and back; what is refused, and on which line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers import yaml_form
from offers.yaml_form import YamlRefused

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n"


def refusal(text: str) -> str:
    with pytest.raises(YamlRefused) as caught:
        yaml_form.read(text)
    return caught.value.detail


class TestRead:
    def test_scalars_as_yaml_1_2_has_them(self) -> None:
        text = "from: 09:00\nlate: 10:30\nland: no\nday: 2026-11-01\nn: 12\nf: 2.5\nnull_: ~\non: true\nq: '12'\nz: 012\ne: 1e3\nh: 0x10"
        assert yaml_form.read(text).value == {
            "from": "09:00", "late": "10:30", "land": "no", "day": "2026-11-01", "n": 12, "f": 2.5, "null_": None,
            "on": True, "q": "12", "z": "012", "e": "1e3", "h": "0x10",
        }  # fmt: skip

    def test_lines(self) -> None:
        found = yaml_form.read(
            "campaigns:\n  cam_1:\n    name: A\n    benefit:\n      tiers:\n      - a: 1\n      - a: 2\n"
        )
        assert [
            found.line_of(p) for p in ("campaigns", "campaigns.cam_1.name", "campaigns.cam_1.benefit.tiers[1].a")
        ] == [1, 3, 7]
        assert found.line_of("campaigns.cam_1.benefit.percent") == 4
        assert found.line_of("nowhere") == 1

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (BOMB, "line 1: anchors and aliases (& and *) are not read here; write the value out"),
            ("a: 1\nb: *a", "line 2: anchors and aliases (& and *) are not read here; write the value out"),
            ("a: &x 1", "line 1: anchors and aliases (& and *) are not read here; write the value out"),
            (
                "a: !!python/object/apply:os.system ['true']",
                "line 1: tags such as tag:yaml.org,2002:python/object/apply:os.system are not read here; take it out",
            ),
            ("a: 1\na: 2", "line 2: a stands here twice; keep one of them"),
            ("\n" * 2 + "[" * 13 + "]" * 13, "line 3: nested deeper than 12 levels; no campaign is"),
            ("a: 1\n---\nb: 2", "line 2: a second document (---); one file is one document"),
            ("? [a]\n: 1", "line 1: a key is a plain word"),
            ("", "line 1: the file is empty; it begins with campaigns:"),
            ("- " + "x, " * 700_000, "line 1: the file has 2,100,002 bytes; at most 2,000,000. Split it"),
            ("[" + "1," * 100_001 + "]", "line 1: more than 100,000 values; split the file"),
        ],
        ids=lambda text: text[:30],
    )
    def test_refused_by_name(self, text: str, said: str) -> None:
        assert refusal(text) == said

    @pytest.mark.parametrize("text", ["a: [1", "a: 'x", "\tb: 1", "a: b: c", "\x00", "a\n:\nb: ]"])
    def test_no_yaml(self, text: str) -> None:
        assert "this is no YAML" in refusal(text)

    def test_very_deep_is_refused_before_it_is_built(self) -> None:
        assert "nested deeper" in refusal("[" * 100_000)

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            yaml_form.read(text)
        except YamlRefused:
            return


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\x85\u2028\u2029"),
        max_size=20,
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z_]{1,10}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


class TestWrite:
    @given(st.dictionaries(st.from_regex(r"[a-z_]{1,10}", fullmatch=True), values, min_size=1, max_size=4))
    def test_what_is_written_is_read(self, document: dict[str, Any]) -> None:
        assert yaml_form.read(yaml_form.write(document)).value == document

    def test_looks_like_something(self) -> None:
        assert yaml_form.write({"name": "Höyry", "days": ["mon", "fri"], "from": "09:00", "n": "12", "t": "true"}) == (
            "name: Höyry\ndays: [mon, fri]\nfrom: 09:00\nn: '12'\nt: 'true'\n"
        )

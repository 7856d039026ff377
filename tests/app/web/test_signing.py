"""What a script of the phone's pages sends to change something is signed with the key of its browser, where there is one."""

from __future__ import annotations

import re

import pytest

from app.web import assets

OTHERS = {"key.js": "signs", "till_offline.js": "is the till's, whose sessions have no key", "demo.js": "is the demo's map, and tells where Jane's phone is"}
PLAIN = re.compile(r"(?<![\w.])fetch\(([^;]*?)\bmethod\b")
"""A call of `fetch` that says a method; one that says none is a look."""


@pytest.mark.parametrize("name", sorted(name.removeprefix("js/") for name in assets.own_names() if name.startswith("js/") and name.removeprefix("js/") not in OTHERS))
def test_nothing_is_changed_by_a_plain_fetch(name: str) -> None:
    """Seen to fail on scripts that sent positions, words said and push addresses with the cookie alone."""
    text = (assets.OWN_FOLDER / "js" / name).read_text(encoding="utf-8")
    assert PLAIN.findall(text) == []

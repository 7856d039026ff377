"""The familiar word: what a shopper and we know, and somebody who pretends to be us does not.

Pure. Owns which words are accepted and which one is given to somebody who has not picked any. Must not store anything.
"""

from __future__ import annotations

import unicodedata

from app.kernel.errors import Invalid

MIN_CHARS, MAX_CHARS = 3, 24
MOST_MARKS = 2
"""Accents on one letter; more is a tower that covers the lines around it."""
_BETWEEN = frozenset(" -'\u2019")
_FIRST = """amber autumn brisk calm cedar clever copper coral crisp dapper dusky early fresh gentle golden happy
hazel honest ivory jolly kind lemon little lucky mellow merry misty mossy noble olive polar proud quiet rapid
rosy ruby rustic sandy shiny silver snowy sunny swift tidy velvet warm willow windy""".split()  # noqa: SIM905 - a list of words reads better as words
_SECOND = """acorn anchor apple badger basket beaver birch bridge button candle canoe castle cherry clover comet cricket
ferry finch forest harbor heron island kettle ladder lantern lynx maple meadow mitten otter owl paddle pebble
pepper piano pine puffin rabbit river robin rocket saddle salmon sparrow spruce teapot tulip walnut""".split()  # noqa: SIM905 - as above


def accepted(typed: str) -> str:
    """The word in the form that is stored and shown; raises `Invalid` naming `word`.

    Letters and digits of any script with single spaces, hyphens and apostrophes between: nothing that turns a line round, hides,
    stacks up, or reads as an address.
    """
    word = unicodedata.normalize("NFC", " ".join(typed.split()))
    if not MIN_CHARS <= len(word) <= MAX_CHARS or not _plain(word):
        raise Invalid.field("word", f"{MIN_CHARS} to {MAX_CHARS} letters or digits; spaces, hyphens and apostrophes may stand between")
    return word


def _plain(word: str) -> bool:
    marks = 0
    for before, char in zip(" " + word, word, strict=False):
        category = unicodedata.category(char)
        if category in ("Mn", "Mc"):
            marks += 1
            if marks > MOST_MARKS or before in _BETWEEN:
                return False
            continue
        marks = 0
        if char in _BETWEEN:
            if before in _BETWEEN:
                return False
        elif category[0] != "L" and category != "Nd":
            return False
    return word[-1] not in _BETWEEN


def given(seed: str) -> str:
    """Two words for somebody who has not picked any; `seed` is hex that only this house can make from her id."""
    number = int(seed[:16], 16)
    return f"{_FIRST[number % len(_FIRST)]} {_SECOND[number // len(_FIRST) % len(_SECOND)]}"

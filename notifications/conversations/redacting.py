"""What of her words may be shown outside: what names, reaches or numbers somebody is taken out first.

Pure. Owns the taking out. A word that is written with a capital letter and that we do not know is taken for a name: rather a word too many
than hers. Must not know who is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from notifications.conversations.words import words_of

MOST_CHARS = 500
_ADDRESS = re.compile(r"\S*@\S*|\b(?:[a-z][a-z0-9+.-]*://|www\.)\S*|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”«»][^\"“”«»]{0,60}[\"“”«»]")
_NUMBER = re.compile(r"[+(]?\d[\d\s()./:-]{2,}\d|\w+(?:-\w*)*")
"""Takes every sign once, whatever is written: whether a word holds a figure is looked at afterwards."""
_SMALL_NUMBER = re.compile(r"\d{1,2}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SAYS_WHO = re.compile(r"\b(my name is|name is|call me|nimeni on|nimi on|jag heter|mitt namn är|heter)((?:\s+[^\W\d_][\w'’-]*){1,2})", re.IGNORECASE)
_FENCE = re.compile(r"[<>{}\[\]`\\|]|[^\S ]|[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def redacted(text: str, known: Collection[str], secret: Collection[str] = ()) -> str:
    """Her words without addresses, numbers of more than two digits, codes, what stands between quotation marks, and names.

    `known` are folded words of ours; `secret` what she is called, in any case. At most `MOST_CHARS`, on one line, without signs a fence is
    made of.
    """
    plain = _FENCE.sub(" ", text[: 2 * MOST_CHARS])
    plain = _ADDRESS.sub(" (address) ", plain)
    plain = _QUOTED.sub(" (quoted) ", plain)
    plain = _NUMBER.sub(_counted, plain)
    plain = _SAYS_WHO.sub(lambda m: f"{m[1]} (name)", plain)
    hidden = {word for name in secret for word in words_of(name)}
    plain = _WORD.sub(lambda m: _shown(m[0], known, hidden), plain)
    return " ".join(plain.split())[:MOST_CHARS]


def _counted(found: re.Match[str]) -> str:
    plain = _SMALL_NUMBER.fullmatch(found[0]) is not None or not any(sign.isdigit() for sign in found[0])
    return found[0] if plain else " (number) "


def _shown(word: str, known: Collection[str], hidden: Collection[str]) -> str:
    parts = words_of(word)
    if any(part in hidden for part in parts):
        return "(name)"
    strange = any(part not in known for part in parts)
    return "(name)" if strange and word[0].isupper() and word != "I" else word

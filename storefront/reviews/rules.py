"""What of a review is published at once, and what a person of the shop reads first. Pure.

Owns the rules, how her name is shown, and the average. Must not refuse anybody: what a rule stumbles over waits for a person, and what looks like markup
is text all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from enum import StrEnum

from app.kernel.text_limits import has_address
from app.kernel.verdict import Fail
from storefront.catalog.words import fold
from storefront.reasons import StorefrontReason as Reason
from storefront.review_contracts import Rating

TEXT_MOST_CHARS = 2_000
NAME_MOST_CHARS = 30
SHOUTED_LETTERS = 12
"""So many letters before it is called shouting: `OK` and `UHT` are not."""
SHOUTED_SHARE = 0.7

CAUSES: tuple[Reason, ...] = (
    Reason.REVIEW_ADVERTISING, Reason.REVIEW_INSULTING, Reason.REVIEW_PRIVATE, Reason.REVIEW_OFF_TOPIC, Reason.REVIEW_NOT_GENUINE, Reason.REVIEW_UNLAWFUL,
)  # fmt: skip
"""For what a review may be reported by others and rejected by a person: a closed list, so that she is always told one of these. That it is a bad review
is none of them."""

_MARKUP = re.compile(r"<[/!?]?[a-z]|&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});|\[/?(?:url|img|b|i)\b", re.IGNORECASE)
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}:\S|//[\w-]+\.|\b[\w-]+ ?[(\[]? ?(?:dot|piste|punkt) ?[)\]]? ?(?:com|net|org|info|io|fi|se|de|eu|shop)\b|\b[\w-]{3,}\.(?:se|eu|es|it|nl|pl|ee|ru|biz|xyz|top|store|online|site)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@]+ ?(?:@|[(\[] ?(?:at|ät) ?[)\]]) ?[^\s@]+\.[^\s@]{2,}|(?:^|\s)@\w{3,}")
_NUMBER = re.compile(r"(?:\+|\b00)?\d(?:[\s()./-]{0,2}\d){6,}")
_REPEATED = re.compile(r"(.)\1{4,}")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


class ShownAs(StrEnum):
    """How her name stands beside it."""

    NAME = "name"
    INITIAL = "initial"
    NOBODY = "nobody"


def tidy(text: str) -> str:
    """In lines, without characters that steer, hide or turn the text around; at most one empty line in a row."""
    kept = "".join(c for c in unicodedata.normalize("NFC", text.replace("\r\n", "\n")) if c == "\n" or (c not in _BIDI and unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")))
    lines = "\n".join(" ".join(line.split()) for line in kept.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def shown_name(name: str, shown_as: ShownAs) -> str | None:
    """What is kept of the name she typed: not more than she lets us show."""
    first = next(iter(tidy(name).split()), "")
    if shown_as is ShownAs.NOBODY or not first:
        return None
    return first if shown_as is ShownAs.NAME else f"{first[0].upper()}."


def weigh(text: str, *, held_words: Collection[str] = ()) -> tuple[Fail, ...]:
    """Everything a person should read it for; nothing: it may be published. `text` with the name she shows."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    letters = [c for c in plain if c.isupper() or c.islower()]
    upper = sum(c.isupper() for c in letters)
    held = {word for said in held_words for word in fold(said)} & set(fold(plain))
    address = _ADDRESS.search(plain) is not None
    found = {
        Reason.REVIEW_HAS_MARKUP: _MARKUP.search(plain) is not None,
        Reason.REVIEW_HAS_CONTACT: address or _NUMBER.search(plain) is not None,
        Reason.REVIEW_HAS_LINK: has_address(plain) or _LINK.search(plain) is not None,
        Reason.REVIEW_SHOUTS: (len(letters) >= SHOUTED_LETTERS and upper >= SHOUTED_SHARE * len(letters)) or _REPEATED.search(plain) is not None,
        Reason.REVIEW_WORD_HELD: bool(held),
    }
    return tuple(Fail(reason) for reason, holds in found.items() if holds)


def trusted(published: str, *, proved: bool, refusals: int) -> tuple[Fail, ...]:
    """What beside the words makes it wait. `published`, the shop's choice of what the rules may publish: `clean` (whatever they find nothing in), `proved`
    (only what is proved as well), `never`."""
    found = {
        Reason.REVIEW_ALL_WAIT: published == "never",
        Reason.REVIEW_NOT_PROVED: published == "proved" and not proved,
        Reason.REVIEW_REFUSED_BEFORE: refusals > 0,
    }
    return tuple(Fail(reason) for reason, holds in found.items() if holds)


def rating(by_stars: Mapping[int, int]) -> Rating:
    """The plain average, in tenths, half up. Not a Bayesian one: she can reckon it after from the stars that stand there, and nothing is ranked by it."""
    count, total = sum(by_stars.values()), sum(stars * times for stars, times in by_stars.items())
    return Rating(count, (20 * total + count) // (2 * count) if count else 0, {stars: by_stars.get(stars, 0) for stars in (5, 4, 3, 2, 1)})

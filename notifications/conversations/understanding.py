"""What a message says: intent, language, and the things it names, with how sure that is.

Pure and deterministic: the same words and names give the same understanding, with no network. Owns the weighing of cues. Must not answer,
and must not make a doubtful name certain: whoever may not guess looks at `products_certain` and `strange`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from notifications.conversations import lexicon
from notifications.conversations.knowledge import ABOUT_PRODUCTS, LANGUAGES, Intent, Known, Understanding
from notifications.conversations.naming import named_places, named_products, whole_names
from notifications.conversations.words import folded, matches, words_of

SURE, FAIR = 0.85, 0.4
GATE = 0.6
"""Below this the asker is asked again."""
_RANK = (
    Intent.PROBLEM, Intent.PERSON, Intent.GENUINE, Intent.WHY_NOT, Intent.ALLERGY, Intent.INGREDIENTS, Intent.RETURNS, Intent.ORDER, Intent.PLAN, Intent.CARE,
    Intent.DELIVERY, Intent.HOURS, Intent.OFFERS, Intent.CART, Intent.PRICE, Intent.STOCK, Intent.PRODUCT, Intent.NO, Intent.YES, Intent.THANKS, Intent.GREETING,
)  # fmt: skip
"""Where two are equally sure: what is graver, or says more, first."""
MOST_SMALL_TALK = 8
"""Words; what is longer means something else as well."""
_SMALL_TALK = frozenset({Intent.GREETING, Intent.THANKS, Intent.YES, Intent.NO})
_ORDER = re.compile(r"ord_[a-z0-9]+")
_CODE = re.compile(r"\b(?=[a-z0-9-]*\d)(?=[a-z0-9-]*[a-z])(?=[a-z0-9-]{5,20}\b)[a-z0-9]{2,}(?:-[a-z0-9]{2,})*\b|\b\d{4,8}\b")
_QUOTED = re.compile(r"[\"“”«»'‘’]([^\"“”«»'‘’]{3,30})[\"“”«»'‘’]")

Cue = tuple[tuple[str, ...], Intent, str, float]
Hits = Sequence[dict[str, float]]
"""For each word: the words of cues it may be, each with how surely."""


@dataclass(frozen=True, slots=True)
class _Heard:
    scores: dict[Intent, float]
    languages: dict[str, float]
    used: frozenset[int]


def understand(text: str, known: Known, *, language: str = "en") -> Understanding:
    """`language` is what the thread speaks until the words say otherwise. Any text is understood somehow; nonsense is UNKNOWN, 0.0."""
    words = words_of(text)
    names = frozenset[int]().union(*whole_names(words, known.products).values())
    places = named_places(words, known.places)
    names |= frozenset(i for i in places.used if words[i] not in _known_words())
    plain = tuple("" if i in names else w for i, w in enumerate(words))  # a name's words mean nothing else
    hits = [_hits(w) for w in plain]
    heard = _hear(plain, hits)
    spoken = _language(plain, heard, language)
    allergens, allergen_words = _allergens(hits)
    products = named_products(words, known.products, heard.used | _small_at(words), _small_at(words) | allergen_words | _numbers_at(words))
    taken = heard.used | products.used | places.used | allergen_words
    strange = tuple(w for i, w in enumerate(words) if i not in taken and w not in small_words() and w not in _numbers() and not w.isdigit() and not _ORDER.fullmatch(w))
    intent, also, confidence = _choose(heard.scores, bool(products.ids), bool(allergens), len(words))
    orders = tuple(w for w in words if _ORDER.fullmatch(w))
    if orders and (intent is Intent.DELIVERY or confidence < GATE):
        intent, also, confidence = Intent.ORDER, None, SURE  # who names an order asks for it
    if intent is Intent.PRODUCT and names and not strange:
        confidence = max(confidence, GATE)  # nothing but a name
    numbers = _numbers_in(words, products.used)
    return Understanding(
        intent=intent, also=also, language=spoken, confidence=confidence, products=products.ids, products_certain=products.certain, places=places.ids,
        orders=orders, allergens=allergens, any_allergen=_has(hits, lexicon.ANY_ALLERGEN), people=_people(hits, numbers, intent),
        quantity=next((n for _, n in numbers), None), days=_days(hits), codes=_codes(text), points_back=_has(hits, lexicon.POINTS_BACK), strange=strange,
    )  # fmt: skip


# --- cues -------------------------------------------------------------------------------------------------------------


@cache
def _cues() -> tuple[Cue, ...]:
    found: list[Cue] = []
    for table, weight in ((lexicon.SURE, SURE), (lexicon.FAIR, FAIR)):
        for intent, by_language in table.items():
            for language, phrases in by_language.items():
                found += [(tuple(phrase.split()), intent, language, weight) for phrase in folded(phrases).split("|")]
    return tuple(found)


@cache
def _cue_words() -> frozenset[str]:
    return frozenset(w.removesuffix("*") for words, *_ in _cues() for w in words)


@cache
def small_words() -> frozenset[str]:
    """Those that are about nothing by themselves."""
    return frozenset(w for line in (*lexicon.SMALL.values(), *lexicon.LEANINGS.values()) for w in folded(line).split())


def known_words() -> frozenset[str]:
    """Every word that means something to us, folded: of cues, allergens, numbers, and the small words of the languages."""
    return _known_words()


@cache
def _known_words() -> frozenset[str]:
    allergens = frozenset(p.removesuffix("*") for _, patterns in _allergen_patterns() for p in patterns)
    return small_words() | _cue_words() | allergens | frozenset(_numbers())


@cache
def _numbers() -> dict[str, int]:
    return {folded(word): number for word, number in lexicon.NUMBERS.items()}


def _small_at(words: Sequence[str]) -> frozenset[int]:
    return frozenset(i for i, w in enumerate(words) if w in small_words())


def _numbers_at(words: Sequence[str]) -> frozenset[int]:
    return frozenset(i for i, w in enumerate(words) if w in _numbers() or w.isdigit())


def _hear(words: Sequence[str], all_hits: Hits) -> _Heard:
    """Each intent's score: the best cue of a language, and what weaker ones of the same language add."""
    weights: dict[tuple[Intent, str], list[float]] = {}
    languages: dict[str, float] = dict.fromkeys(LANGUAGES, 0.0)
    used: set[int] = set()
    where = [i for i, w in enumerate(words) if w]  # what stands where a name was is no word between two others
    hits = [all_hits[i] for i in where]
    there = frozenset[str]().union(*hits)
    for cue, intent, language, weight in _cues():
        found = _found(hits, cue) if cue[0] in there else None
        if found is None:
            continue
        at, sureness = found
        weights.setdefault((intent, language), []).append(weight * sureness)
        languages[language] += weight * sureness * len(cue)
        used |= {where[i] for i in at}
    scores: dict[Intent, float] = {}
    for (intent, _), several in weights.items():
        left = 1.0
        for weight in sorted(several, reverse=True)[:3]:
            left *= 1.0 - weight
        scores[intent] = max(scores.get(intent, 0.0), 1.0 - left)
    return _Heard(scores, languages, frozenset(used))


def _found(hits: Hits, cue: Sequence[str]) -> tuple[frozenset[int], float] | None:
    """Where the cue's words follow each other, with at most one other between, and how surely."""
    best: tuple[frozenset[int], float] | None = None
    for start in range(len(hits)):
        if cue[0] not in hits[start]:
            continue
        at, sureness, i = [start], hits[start][cue[0]], start + 1
        for part in cue[1:]:
            if part == "*":
                i += 1
                continue
            hit = next((j for j in range(i, min(i + 2, len(hits))) if part in hits[j]), None)
            if hit is None:
                break
            at.append(hit)
            sureness = min(sureness, hits[hit][part])
            i = hit + 1
        else:
            if best is None or sureness > best[1]:
                best = frozenset(at), sureness
    return best


def _hits(word: str) -> dict[str, float]:
    """The words of cues that `word` may be, each with how surely. Only our own words are remembered, never hers."""
    if not word:
        return {}
    return _hits_of_known(word) if word in _known_words() else _hits_of(word)


@cache
def _hits_of_known(word: str) -> dict[str, float]:
    return _hits_of(word)


def _hits_of(word: str) -> dict[str, float]:
    known = _known_words()
    return {pattern: sureness for pattern in _patterns() if (sureness := matches(word, pattern, known))}


@cache
def _patterns() -> frozenset[str]:
    """Every word of every cue, phrase and list."""
    lists = (lexicon.ANY_ALLERGEN, lexicon.POINTS_BACK, lexicon.PEOPLE, *lexicon.DAYS.values())
    listed = {w for phrases in lists for phrase in folded(phrases).split("|") for w in phrase.split()}
    allergens = {p for _, patterns in _allergen_patterns() for p in patterns}
    return frozenset({w for words, *_ in _cues() for w in words if w != "*"} | listed | allergens)


def _has(hits: Hits, phrases: str) -> bool:
    return any(_found(hits, tuple(phrase.split())) is not None for phrase in folded(phrases).split("|"))


def _choose(scores: dict[Intent, float], product: bool, allergen: bool, length: int) -> tuple[Intent, Intent | None, float]:
    """The intent, a second one that is as sure, and the confidence. Small talk counts only where nothing else is meant."""
    meant = dict(scores)
    if allergen:
        meant[Intent.ALLERGY] = 1.0 - (1.0 - meant.get(Intent.ALLERGY, 0.0)) * (0.3 if product else 0.6)
    if product:
        for intent in ABOUT_PRODUCTS & meant.keys():
            meant[intent] = 1.0 - (1.0 - meant[intent]) * 0.55
        meant.setdefault(Intent.PRODUCT, 0.45)
    elif Intent.PRODUCT in meant:
        meant[Intent.PRODUCT] *= 0.8
    if not product and meant.get(Intent.PLAN, 0.0) >= GATE:
        meant.pop(Intent.ALLERGY, None)  # what the guests must not eat
    serious = {i: s for i, s in meant.items() if i not in _SMALL_TALK and s >= GATE}
    pool = serious or {i: s for i, s in meant.items() if i in _SMALL_TALK and length <= MOST_SMALL_TALK} or meant
    if not pool:
        return Intent.UNKNOWN, None, 0.0
    order = sorted(pool, key=lambda i: (-(pool[i] >= GATE), _RANK.index(i)))
    first = order[0]
    if first in _SMALL_TALK and length > MOST_SMALL_TALK:
        return first, None, FAIR  # a word of greeting before what we did not understand
    second = next((i for i in order[1:] if pool[i] >= SURE and i in ABOUT_PRODUCTS and first in ABOUT_PRODUCTS and i not in (Intent.PRODUCT, Intent.CART)), None)
    return first, second, round(min(pool[first], 0.99), 2)


# --- things -----------------------------------------------------------------------------------------------------------


def _language(words: Sequence[str], heard: _Heard, before: str) -> str:
    points = dict(heard.languages)
    for language, leanings in _leanings().items():
        points[language] += sum(0.5 for w in words if w in leanings)
    best = max(points.values())
    if best == 0 or points.get(before, 0.0) >= best:
        return before
    return next(name for name in LANGUAGES if points[name] == best)


@cache
def _leanings() -> dict[str, frozenset[str]]:
    return {language: frozenset(folded(line).split()) for language, line in lexicon.LEANINGS.items()}


def _allergens(hits: Hits) -> tuple[tuple[str, ...], frozenset[int]]:
    found: dict[str, None] = {}
    at: set[int] = set()
    for name, patterns in _allergen_patterns():
        for i, hit in enumerate(hits):
            if any(pattern in hit for pattern in patterns):
                found[name] = None
                at.add(i)
    if "nuts" in found:
        found["peanuts"] = None  # in all three languages people mean either when they say nut
    return tuple(found), frozenset(at)


@cache
def _allergen_patterns() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(folded(patterns).split("|"))) for name, patterns in lexicon.ALLERGENS.items())


def _days(hits: Hits) -> tuple[str, ...]:
    return tuple(day for day, phrases in lexicon.DAYS.items() if _has(hits, phrases))


def _numbers_in(words: Sequence[str], names: Iterable[int]) -> list[tuple[int, int]]:
    skip = set(names)
    found: list[tuple[int, int]] = []
    for i, word in enumerate(words):
        number = int(word) if word.isascii() and word.isdigit() and len(word) <= 3 else _numbers().get(word)
        if number and i not in skip and word not in _ARTICLES:
            found.append((i, number))
    return found


_ARTICLES = frozenset({"one", "en", "ett", "yksi"})


def _people(hits: Hits, numbers: Sequence[tuple[int, int]], intent: Intent) -> int | None:
    """The number beside a word for people; in a plan the only number there is."""
    for i, number in numbers:
        if _has(hits[i + 1 : i + 4], lexicon.PEOPLE):
            return number
    return numbers[0][1] if intent is Intent.PLAN and len(numbers) == 1 else None


def _codes(text: str) -> tuple[str, ...]:
    """What may be a code or a familiar word she was shown: letters with digits, or words between quotation marks."""
    plain = text[:2000].casefold()
    found = [*_QUOTED.findall(plain), *(c for c in _CODE.findall(plain) if not _ORDER.fullmatch(c))]
    return tuple(dict.fromkeys(code.strip() for code in found))[:3]

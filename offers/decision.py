"""The decision itself: a pure function of the definition, the logged inputs and the rivals. Byte for byte repeatable.

Owns `decide`, its record and the JSON both ways. Must not write, read a clock or know a table: gathering.py gathers the
inputs, issuance.py stores the record, `replay` recomputes it from what was stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from offers import eligibility, experiment, ranking
from offers.conditions import Inputs
from offers.definition import Definition
from offers.ranking import Candidate, Learned
from offers.reasons import ReasonCode, Weighed

OFFER = "offer"
WITHHELD = "withheld"

Learning = Callable[[Sequence[Candidate]], Mapping[str, Learned]]
"""What is known of the use of these campaigns, by id; asked only when it decides who speaks."""


class Record(Struct, frozen=True, gc=False):
    """What is stored beside the decision.

    `candidates` are the eligible ones that matter to it: the best, itself, and those that were learned about; `eligible`
    says how many there were (None in older records, where all of them are listed).
    """

    inputs: Inputs
    candidates: tuple[Candidate, ...]
    eligible: int | None = None


class Result(Struct, frozen=True, gc=False):
    outcome: str
    reasons: tuple[Weighed, ...]


def decide(definition: Definition, record: Record) -> Result:
    """Offer only if every condition held and no eligible rival ranks higher."""
    best = ranking.best(record.candidates)
    return _settled(_weighed(definition, record.inputs), definition, record, best)


def _weighed(definition: Definition, inputs: Inputs) -> tuple[Weighed, ...]:
    return eligibility.weigh(experiment.as_drawn(definition, inputs.draw), inputs)


def _settled(
    weighed: tuple[Weighed, ...], definition: Definition, record: Record, best: Candidate | None
) -> Result:
    if not eligibility.eligible(weighed):
        return Result(WITHHELD, weighed)
    count = len(record.candidates) if record.eligible is None else record.eligible
    mine = next((c for c in record.candidates if c.campaign_id == record.inputs.campaign_id), None)
    if mine is not None and mine.learned is not None:
        weighed = (*weighed, _expected(mine, mine.learned, definition.currency))
    if best is not None and best.campaign_id != record.inputs.campaign_id:
        lost = Weighed(str(ReasonCode.OUTRANKED), False, {"by": best.campaign_id, "candidates": count})
        return Result(WITHHELD, (*weighed, lost))
    won = Weighed(str(ReasonCode.BEST_OFFER), True, {"candidates": max(1, count)})
    return Result(OFFER, (*weighed, won))


def _expected(mine: Candidate, known: Learned, currency: str) -> Weighed:
    facts: dict[str, str | int | float | bool | None] = {
        "value_minor": mine.expected_value_minor,
        "currency": currency,
        "affinity_bp": known.affinity_bp,
        "use_ppm": known.use_ppm,
        "propensity_ppm": known.propensity_ppm,
    }
    return Weighed(str(ReasonCode.EXPECTED_WORTH), True, facts)


def decide_all(
    definitions: Mapping[str, Definition], inputs: Mapping[str, Inputs], learn: Learning | None = None
) -> dict[str, tuple[Record, Result]]:
    """All campaigns weighed for one moment, by campaign id; at most one of them is an offer."""
    weighed = {cid: _weighed(definitions[cid], i) for cid, i in inputs.items()}
    field = _Field(definitions, [cid for cid, reasons in weighed.items() if eligibility.eligible(reasons)], learn)
    return {cid: field.settled(definitions[cid], i, weighed[cid]) for cid, i in inputs.items()}


def decide_one(
    campaign_id: str, definitions: Mapping[str, Definition], inputs: Mapping[str, Inputs], learn: Learning | None = None
) -> tuple[str | None, tuple[Record, Result] | None]:
    """Which campaign makes the offer, if any does, and what `decide_all` says of this one, if it listens.

    The others are weighed only until something stands against them: for whoever has many moments to go through.
    """
    mine = inputs.get(campaign_id)
    weighed = _weighed(definitions[campaign_id], mine) if mine is not None else ()
    able = [
        cid
        for cid, i in inputs.items()
        if (eligibility.eligible(weighed) if i is mine else eligibility.holds(experiment.as_drawn(definitions[cid], i.draw), i))
    ]
    field = _Field(definitions, able, learn)
    winner = field.best.campaign_id if field.best is not None else None
    return winner, field.settled(definitions[campaign_id], mine, weighed) if mine is not None else None


def _candidates(able: Sequence[tuple[str, Definition]]) -> list[Candidate]:
    """Money is compared within one currency alone: where campaigns of one priority name several, value decides nothing among them."""
    currencies: defaultdict[int, set[str]] = defaultdict(set)
    for _, d in able:
        if d.expected_value_minor:
            currencies[d.priority].add(d.currency)
    return [Candidate(cid, d.priority, d.expected_value_minor if len(currencies[d.priority]) == 1 else 0) for cid, d in able]


class _Field:
    """The eligible campaigns at one moment, best first, and which of them a record shows."""

    def __init__(self, definitions: Mapping[str, Definition], able: Sequence[str], learn: Learning | None) -> None:
        candidates = _candidates([(cid, definitions[cid]) for cid in able])
        rivals = ranking.contenders(candidates) if learn is not None else ()
        known: Mapping[str, Learned] = learn(rivals) if learn is not None and rivals else {}
        order = ranking.ranked(replace(c, learned=known[c.campaign_id]) if c.campaign_id in known else c for c in candidates)
        self.best = order[0] if order else None
        self._count = len(order)
        self._shown = tuple(c for c in order if c is self.best or c.learned is not None)
        self._with: dict[str, tuple[Candidate, ...]] = {}
        before = 0  # how many of the shown rank before this one
        for c in order:
            if before < len(self._shown) and c is self._shown[before]:
                before += 1
            else:
                self._with[c.campaign_id] = (*self._shown[:before], c, *self._shown[before:])

    def settled(self, definition: Definition, inputs: Inputs, weighed: tuple[Weighed, ...]) -> tuple[Record, Result]:
        record = Record(inputs, self._with.get(inputs.campaign_id, self._shown), self._count)
        return record, _settled(weighed, definition, record, self.best)


_encode = msgspec.json.Encoder(order="sorted").encode
"""The same bytes as definition.canonical_json, five times as fast; a test holds the two together."""


_read_record = msgspec.json.Decoder(Record).decode
_read_result = msgspec.json.Decoder(Result).decode
"""Made at import: two threads at the first use of a class would end the process (definition.py)."""


def record_json(record: Record) -> str:
    return _encode(record).decode()


def result_json(result: Result) -> str:
    return _encode(result).decode()


def record_from(document: str) -> Record:
    return _read_record(document)


def result_from(document: str) -> Result:
    return _read_result(document)


def replay(definition: Definition, stored_record: str) -> str:
    """The result recomputed from what was stored; equals the stored result byte for byte."""
    return result_json(decide(definition, record_from(stored_record)))


def plain(value: Any) -> Any:
    """A record or result as JSON values, for answers."""
    return msgspec.to_builtins(value)

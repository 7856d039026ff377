"""The decision itself: a pure function of the definition, the logged inputs and the rivals. Byte for byte repeatable.

Owns `decide`, its record and the JSON both ways. Must not write, read a clock or know a table: issuance.py gathers the
inputs and stores the record, `replay` recomputes it from what was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from offers import eligibility, ranking
from offers.conditions import Inputs
from offers.definition import Definition, canonical_json
from offers.ranking import Candidate
from offers.reasons import ReasonCode, Weighed

OFFER = "offer"
WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored beside the decision: `inputs` and the eligible `candidates` (itself among them, when eligible)."""

    inputs: Inputs
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Result:
    outcome: str
    reasons: tuple[Weighed, ...]


def decide(definition: Definition, record: Record) -> Result:
    """Offer only if every condition held and no eligible rival ranks higher."""
    weighed = eligibility.weigh(definition, record.inputs)
    if not eligibility.eligible(weighed):
        return Result(WITHHELD, weighed)
    order = ranking.ranked(record.candidates)
    if order and order[0].campaign_id != record.inputs.campaign_id:
        lost = Weighed(str(ReasonCode.OUTRANKED), False, {"by": order[0].campaign_id, "candidates": len(order)})
        return Result(WITHHELD, (*weighed, lost))
    best = Weighed(str(ReasonCode.BEST_OFFER), True, {"candidates": max(1, len(order))})
    return Result(OFFER, (*weighed, best))


def decide_all(definitions: Mapping[str, Definition], inputs: Mapping[str, Inputs]) -> dict[str, tuple[Record, Result]]:
    """All campaigns weighed for one moment, by campaign id; at most one of them is an offer."""
    eligible = [
        Candidate(cid, definitions[cid].priority, definitions[cid].expected_value_minor)
        for cid, i in inputs.items()
        if eligibility.eligible(eligibility.weigh(definitions[cid], i))
    ]
    candidates = ranking.ranked(eligible)
    records = {cid: Record(i, candidates) for cid, i in inputs.items()}
    return {cid: (record, decide(definitions[cid], record)) for cid, record in records.items()}


def record_json(record: Record) -> str:
    return canonical_json(record)


def result_json(result: Result) -> str:
    return canonical_json(result)


def record_from(document: str) -> Record:
    return msgspec.json.decode(document, type=Record)


def result_from(document: str) -> Result:
    return msgspec.json.decode(document, type=Result)


def replay(definition: Definition, stored_record: str) -> str:
    """The result recomputed from what was stored; equals the stored result byte for byte."""
    return result_json(decide(definition, record_from(stored_record)))


def plain(value: Any) -> Any:
    """A record or result as JSON values, for answers."""
    return msgspec.to_builtins(value)

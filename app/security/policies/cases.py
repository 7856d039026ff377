"""The specification as cases: what is asked, and what is to be answered.

Pure. Owns the two forms, a matrix of blocks that people write and the table it expands to, and comparing answers with them. Must
not know a rule, nor read a file.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.kernel.errors import Invalid
from app.security.policies.contracts import (
    Acr,
    Action,
    Context,
    Outcome,
    PolicyDecision,
    Presence,
    SimSwap,
    Standing,
    StepUp,
    TrustVerdict,
    ValueLimits,
    VisitLevel,
)

WORDS = {
    "visit_level": VisitLevel, "trust_verdict": TrustVerdict, "presence": Presence, "device_standing": Standing, "sim_swap": SimSwap, "acr": Acr,
}  # fmt: skip
NUMBERS = ("amount_minor", "small_minor", "high_minor", "hour", "velocity_1h", "contact_changed_s", "contact_added_s", "unknown_code_s", "auth_age_s")
SWITCHES = ("has_passkey", "has_password", "key_shown", "live_code", "same_author")
FACTS = (*WORDS, *NUMBERS, *SWITCHES)
COLUMNS = ("about", "action", "role", *FACTS, "outcome", "proof", "max_age_s", "reasons")
UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Case:
    """`facts` holds what is known, as text; `reasons` are compared as a set."""

    about: str
    action: Action
    role: str
    facts: Mapping[str, str]
    outcome: Outcome
    step_up: StepUp | None
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A case that is answered otherwise. `number` counts from 1."""

    number: int
    case: Case
    got: PolicyDecision

    @property
    def text(self) -> str:
        known = ", ".join(f"{k}={v}" for k, v in self.case.facts.items()) or "nothing known"
        wanted = _told(self.case.outcome, self.case.step_up, sorted(self.case.reasons))
        return f"{self.number}: {self.case.role} {self.case.action} ({known}): wanted {wanted}, got {_told(self.got.outcome, self.got.step_up, self.got.reasons)}"


def _told(outcome: Outcome, step_up: StepUp | None, reasons: Sequence[str]) -> str:
    proof = f" {step_up.acr} {step_up.max_age_s}" if step_up else ""
    return f"{outcome}{proof}{' ' if reasons else ''}{' '.join(reasons)}"


def context_of(facts: Mapping[str, str]) -> Context:
    """The facts of a case. Raises ValueError for a word or number that is none."""
    known: dict[str, Any] = {}
    for name, text in facts.items():
        if name in WORDS:
            known[name] = WORDS[name](text)
        elif name in NUMBERS:
            known[name] = int(text)
        elif text in ("true", "false"):
            known[name] = text == "true"
        else:
            raise ValueError(f"{name}: true or false, not {text}")
    small, high = known.pop("small_minor", None), known.pop("high_minor", None)
    if high is not None:
        known["limits"] = ValueLimits(small if small is not None else high, high)
    return Context(**known)


def expand(document: Any) -> list[Case]:
    """The cases of a matrix: every combination of each block's lists. Raises Invalid naming the block."""
    blocks = document.get("blocks") if isinstance(document, dict) else None
    if not isinstance(blocks, list) or not blocks:
        raise Invalid.field("blocks", "a list of blocks with about, action, role, given, vary and expect")
    return [case for number, block in enumerate(blocks, start=1) for case in _block(number, block)]


def _block(number: int, block: Mapping[str, Any]) -> Iterable[Case]:
    field = f"blocks[{number}]"
    try:
        axes = {"action": block["action"], "role": block["role"], **{k: [v] for k, v in (block.get("given") or {}).items()}, **(block.get("vary") or {})}
        expected = str(block["expect"]).split()
        for values in itertools.product(*axes.values()):
            asked = {name: _text(value) for name, value in zip(axes, values, strict=True)}
            proof = expected[1:3] if expected[0] == Outcome.STEP_UP else ["", ""]
            reasons = expected[3:] if expected[0] == Outcome.STEP_UP else expected[1:]
            yield _case({"about": str(block["about"]), "outcome": expected[0], "proof": proof[0], "max_age_s": proof[1], "reasons": " ".join(reasons), **asked})
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as wrong:
        raise Invalid.field(field, f"{wrong}; it has about, action, role, given, vary and expect (allow, deny REASON, step_up PROOF SECONDS REASON)") from None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _case(row: Mapping[str, str]) -> Case:
    unknown = set(row) - set(COLUMNS)
    if unknown:
        raise ValueError(f"there is no fact {', '.join(sorted(unknown))}")
    facts = {name: row[name] for name in FACTS if row.get(name, UNKNOWN) not in (UNKNOWN, "")}
    context_of(facts)
    outcome = Outcome(row["outcome"])
    step_up = StepUp(Acr(row["proof"]), int(row["max_age_s"])) if outcome is Outcome.STEP_UP else None
    return Case(row["about"], Action(row["action"]), row["role"], facts, outcome, step_up, frozenset(row["reasons"].split()))


def read_table(text: str) -> list[Case]:
    """The cases of a table (CSV with the columns of `COLUMNS`). Raises Invalid naming the line."""
    cases: list[Case] = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            cases.append(_case(row))
        except (KeyError, ValueError, TypeError, AttributeError) as wrong:
            raise Invalid.field(f"line {number}", f"{wrong}; the columns are {', '.join(COLUMNS)}") from None
    if not cases:
        raise Invalid.field("table", "there is no case in it")
    return cases


def write_table(cases: Iterable[Case]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for case in cases:
        proof = (str(case.step_up.acr), str(case.step_up.max_age_s)) if case.step_up else ("", "")
        rows.writerow(
            [case.about, case.action, case.role, *(case.facts.get(name, UNKNOWN) for name in FACTS), case.outcome, *proof, " ".join(sorted(case.reasons))]
        )
    return out.getvalue()


def wrong_of(cases: Iterable[Case], decide: Callable[[Action, str, Context], PolicyDecision]) -> Iterable[Wrong]:
    """Those that are answered otherwise, one after the other."""
    for number, case in enumerate(cases, start=1):
        got = decide(case.action, case.role, context_of(case.facts))
        if (got.outcome, got.step_up, frozenset(got.reasons)) != (case.outcome, case.step_up, case.reasons):
            yield Wrong(number, case, got)

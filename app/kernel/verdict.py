"""The answer of every rule: Pass, or Fail with a reason one can act on.

Owns the two shapes and how several are joined. Must not raise and must not know any rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pass:
    """The rule holds."""

    @property
    def ok(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Fail:
    """The rule does not hold. `reason` is a documented code (docs/reasons.md); `facts` are the numbers behind it."""

    reason: str
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=dict[str, "str | int | float | bool | None"])

    @property
    def ok(self) -> bool:
        return False


Verdict = Pass | Fail
PASS = Pass()


def fails(verdicts: Iterable[Verdict]) -> tuple[Fail, ...]:
    """All failures, in order: a decision names every reason, not the first it met."""
    return tuple(v for v in verdicts if isinstance(v, Fail))

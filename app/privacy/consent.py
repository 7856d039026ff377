"""May we? The rule that turns consent records into a verdict.

Owns the evaluation alone: pure, no clock, no database. Must not grant anything by default: no record is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.kernel.verdict import PASS, Fail, Verdict
from app.privacy.purposes import NOT_FOR_MINORS, NOTICES, Purpose, no_consent


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One thing the shopper said. `sequence` counts per shopper and purpose in the order of the commits."""

    purpose: Purpose
    granted: bool
    notice_version: int
    sequence: int
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands against a use whatever she has said: `minor`, or `located` False: the system of every phone of hers permits no position."""

    minor: bool = False
    located: bool = True


UNKNOWN = Standing()

MINOR = "minor"
OS_PERMISSION_NEVER = "os_permission_never"
NEVER = "never"
"""The `access` under which a phone's system gives nobody a position."""


def latest(records: Iterable[ConsentRecord], purpose: Purpose, at: datetime) -> ConsentRecord | None:
    """The record in force at `at`: of those made by then, the one with the highest sequence."""
    made = [r for r in records if r.purpose is purpose and r.at <= at]
    return max(made, key=lambda r: r.sequence, default=None)


def evaluate(records: Iterable[ConsentRecord], purpose: Purpose, at: datetime) -> Verdict:
    """PASS, or Fail(`no_consent_<purpose>`) whose fact `why` is never_granted, withdrawn or notice_changed."""
    return judge(latest(records, purpose, at), purpose, at)


def judge(record: ConsentRecord | None, purpose: Purpose, at: datetime, standing: Standing = UNKNOWN) -> Verdict:
    """The verdict on the newest record. One made after `at` never helps: consent does not reach back."""
    if standing.minor and purpose in NOT_FOR_MINORS:
        return Fail(MINOR, {"purpose": purpose.value})
    if record is None or (record.granted and record.at > at):
        return Fail(no_consent(purpose), {"why": "never_granted"})
    if not record.granted:
        return Fail(no_consent(purpose), {"why": "withdrawn"})
    if record.notice_version < NOTICES[purpose].version:
        return Fail(no_consent(purpose), {"why": "notice_changed", "agreed_version": record.notice_version})
    if purpose is Purpose.LOCATION and not standing.located:
        return Fail(OS_PERMISSION_NEVER, {})
    return PASS

"""Codes that stand at a place and say so: printed at a shelf, on a shelf's screen, at a till.

Owns what a code says and when it is good. Pure: signing is handed in. Must not know who shows it.

`MMP1.<kind>.<place>.<step>.<label>.<signature>`: of printed ones the step is 0 for ever, of the others it counts `STEP_S` and the code is good
in its own step and the next. Digits for typing hold the same for a till.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from app.kernel.verdict import PASS, Fail, Verdict
from geofences.tiers import PRINTED, SCREEN, TILL

STEP_S = 15
DIGITS = 8
_LETTERS = {"p": PRINTED, "s": SCREEN, "t": TILL}
_KINDS = {kind: letter for letter, kind in _LETTERS.items()}
_CODE = re.compile(r"MMP1\.([pst])\.([A-Za-z0-9_]{1,40})\.(\d{1,12})\.([A-Za-z0-9_-]{0,40})\.([A-Za-z0-9_-]{86})")
LABEL = re.compile(r"[A-Za-z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True)
class PlaceCode:
    """`label` tells codes of one place apart (a shelf, a lane)."""

    kind: str
    place_id: str
    step: int
    label: str = ""

    def message(self) -> bytes:
        return f"MMP1.{_KINDS[self.kind]}.{self.place_id}.{self.step}.{self.label}".encode()


def step_of(at_s: float) -> int:
    return int(at_s // STEP_S)


def written(code: PlaceCode, sign: Callable[[bytes], bytes]) -> str:
    """The text of a code; `sign` gives 64 bytes."""
    return f"{code.message().decode()}.{base64.urlsafe_b64encode(sign(code.message())).decode().rstrip('=')}"


def read(text: str, checks: Callable[[bytes, bytes], bool]) -> PlaceCode | None:
    """What a text says, or None for one that is no code of ours. It may be all of a link that ends with the code."""
    found = _CODE.fullmatch(text.strip().rpartition("code=")[2])
    if found is None:
        return None
    letter, place_id, step, label, signature = found.groups()
    code = PlaceCode(_LETTERS[letter], place_id, int(step), label)
    try:
        raw = base64.urlsafe_b64decode(signature + "==")
    except (binascii.Error, ValueError):
        return None
    return code if checks(code.message(), raw) else None


def good(code: PlaceCode, at_s: float) -> Verdict:
    """Whether it is good now: Fail(`presence_code_old`) when its step has passed, or lies ahead."""
    if code.kind == PRINTED:
        return PASS if code.step == 0 else Fail("presence_code_old")
    return PASS if 0 <= step_of(at_s) - code.step <= 1 else Fail("presence_code_old")


def digits(place_id: str, step: int, keyed: Callable[[bytes], bytes]) -> str:
    """For typing; `keyed` is a keyed hash of 8 bytes or more."""
    return f"{int.from_bytes(keyed(f'{place_id}.{step}'.encode())[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def step_of_digits(place_id: str, typed: str, at_s: float, keyed: Callable[[bytes], bytes]) -> int | None:
    """The step these digits are good in now, None for wrong ones."""
    now = step_of(at_s)
    return next((step for step in (now, now - 1) if digits(place_id, step, keyed) == typed), None)

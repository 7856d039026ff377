"""What may leave app/privacy: the event that a consent has changed, and the shapes of consents and receipts.

Owns shapes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class ConsentChanged:
    """Event `consent.changed`: a shopper has granted or withdrawn one purpose. Consumers stop or start; none may assume."""

    TYPE: ClassVar[str] = "consent.changed"

    shopper_id: str
    purpose: str
    granted: bool
    notice_version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One purpose as the shopper sees it. `live` is the gate's answer, `why_not` its reason; `at` None: never asked.

    `source` is where she said it last; `gpc` and `minor`: it was said for her, by her browser's signal or because she is under age.
    """

    purpose: str
    title: str
    text: str
    notice_version: int
    live: bool
    granted: bool
    agreed_version: int | None
    at: datetime | None
    source: str | None = None
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectErased:
    """Event `subject.erased`: no shopper id in the clear any more; `receipt_id` finds the receipt.

    `sealed_ids` are the ids she was known by, which open for one use: a webhook has `shopper_ids` in its place where that system may have
    been told of her, so that it can erase its copy, and nothing where not.
    """

    TYPE: ClassVar[str] = "subject.erased"

    receipt_id: str
    erased_at: datetime
    sealed_ids: str = ""


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was deleted (rows by holder) and what is kept (table -> why). `already` True: nothing was left to delete."""

    id: str
    erased: Mapping[str, int]
    kept: Mapping[str, str]
    at: datetime
    already: bool


@dataclass(frozen=True, slots=True)
class SubjectExport:
    """Everything held about one shopper: holder name -> what it holds, as plain JSON values; table -> her rows as they stand."""

    shopper_id: str
    made_at: datetime
    also_known_as: tuple[str, ...]
    holders: Mapping[str, Any]
    rows: Mapping[str, Any]

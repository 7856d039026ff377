"""What may leave support: cases as the shopper and as those who help her see them, and what happens to them. Owns shapes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from notifications.support.states import CaseState


class Category(StrEnum):
    """What it is about. Stored: never renamed, only added."""

    ORDER = "order"
    DELIVERY = "delivery"
    RETURN = "return"
    PAYMENT = "payment"
    OFFER = "offer"
    VISIT = "visit"
    PRODUCT = "product"
    SAFETY = "safety"
    PRIVACY = "privacy"
    OTHER = "other"


class Priority(StrEnum):
    """Stored."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Channel(StrEnum):
    """How it came to us, and how she is answered: on its page in any case, and where it was begun. Stored."""

    APP = "app"
    CHAT = "chat"
    EMAIL = "email"
    PHONE = "phone"


class EntryKind(StrEnum):
    """`note`: for us alone; `step`: what was done, by whom. Stored."""

    MESSAGE = "message"
    NOTE = "note"
    STEP = "step"


class By(StrEnum):
    """Stored."""

    SHOPPER = "shopper"
    PERSON = "person"
    HOUSE = "house"


@dataclass(frozen=True, slots=True)
class About:
    """What a case is linked to: ids of other rooms, each hers or none."""

    order_id: str | None = None
    visit_id: str | None = None
    decision_id: str | None = None
    coupon_id: str | None = None
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One thing in a case. `text`: what was written; of a step what was done."""

    seq: int
    kind: EntryKind
    by: By
    who: str | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as she sees it. `answer_due_at`: until when she has a first answer, None once she has it or while it is her turn. `stars`: how she rated it."""

    id: str
    subject: str
    category: Category
    state: CaseState
    channel: Channel
    about: About
    opened_at: datetime
    changed_at: datetime
    answer_due_at: datetime | None
    merged_into: str | None
    stars: int | None
    may_rate: bool
    entries: tuple[EntryView, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuedCase:
    """A case in the queue: nothing of what was said. `due_at`: the next moment that was promised; `late`: one has passed. `free`: anybody may take it."""

    id: str
    category: Category
    priority: Priority
    state: CaseState
    channel: Channel
    about: About
    opened_at: datetime
    due_at: datetime | None
    due_for: str
    late: bool
    free: bool
    claimed_by: str | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as whoever has taken it sees it. `others`: her other cases that are not closed, to merge with; `agreed`: titles of what she agrees to."""

    case: CaseView
    queued: QueuedCase
    shopper_id: str
    solve_due_at: datetime | None
    others: tuple[QueuedCase, ...]
    words: str


@dataclass(frozen=True, slots=True)
class SupportFigures:
    """Of the cases of a time. `late_answers`, `late_solutions`: in how many a promise was broken. `stars_average_tenths` and `stars`: how those who
    answered rated it; None below so many people."""

    opened: int
    answered: int
    solved: int
    late_answers: int
    late_solutions: int
    rated: int | None
    stars_average_tenths: int | None
    stars: dict[int, int] | None
    suppressed: str


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """Event `support.case_opened`."""

    TYPE: ClassVar[str] = "support.case_opened"

    case_id: str
    shopper_id: str
    category: str
    priority: str
    channel: str
    order_id: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class CaseMoved:
    """Event `support.case_moved`: it stands elsewhere now. `merged_into`: the case it became a part of."""

    TYPE: ClassVar[str] = "support.case_moved"

    case_id: str
    shopper_id: str
    state: str
    merged_into: str | None
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class PromiseMissed:
    """Event `support.promise_missed`: a `first_answer` or a `solution` did not come in time; each at most once a case."""

    TYPE: ClassVar[str] = "support.promise_missed"

    case_id: str
    shopper_id: str
    promise: str
    priority: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRated:
    """Event `support.case_rated`: how content she was, 1 to 5; once a case."""

    TYPE: ClassVar[str] = "support.case_rated"

    case_id: str
    shopper_id: str
    stars: int
    rated_at: datetime

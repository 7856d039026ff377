"""The settings of support (MOMENTS_SUPPORT__...). Owns names, bounds and defaults."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from app.kernel.settings import SettingsGroup
from notifications.support.contracts import Priority

HOUR_S, DAY_S = 3600, 86_400


class SupportSettings(SettingsGroup):
    answer_within_s: dict[Priority, int] = Field(
        default={Priority.URGENT: 900, Priority.HIGH: HOUR_S, Priority.NORMAL: 4 * HOUR_S, Priority.LOW: 8 * HOUR_S},
        description="Within how many seconds of open hours a case should have its first answer, by priority, as JSON; all four.",
    )
    solve_within_s: dict[Priority, int] = Field(
        default={Priority.URGENT: 4 * HOUR_S, Priority.HIGH: 8 * HOUR_S, Priority.NORMAL: 24 * HOUR_S, Priority.LOW: 48 * HOUR_S},
        description="Within how many seconds of open hours in which it is our turn a case should be solved, by priority, as JSON; all four.",
    )
    hours_of: str = Field(default="", max_length=80, description="The place whose opening hours count for a case that is about no store; empty: day and night.")
    close_after_s: int = Field(default=7 * DAY_S, ge=HOUR_S, le=365 * DAY_S, description="How long after it was solved a case can be opened again by a word of hers, in seconds.")
    rate_within_s: int = Field(default=14 * DAY_S, ge=HOUR_S, le=365 * DAY_S, description="How long after it was solved she can say how content she was, in seconds.")
    keep_s: int = Field(default=730 * DAY_S, ge=30 * DAY_S, description="How long a case is kept after anything last happened in it, in seconds.")

    @model_validator(mode="after")
    def _all_priorities(self) -> Self:
        for name in ("answer_within_s", "solve_within_s"):
            given: dict[Priority, int] = getattr(self, name)
            if set(given) != set(Priority) or not all(60 <= within_s <= 90 * DAY_S for within_s in given.values()):
                raise ValueError(f"{name}: give {', '.join(Priority)}, each from 60 seconds to 90 days")
        return self

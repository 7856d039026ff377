"""May this campaign make an offer at this moment? All reasons, passed and failed, in a fixed order.

Pure. Owns the order of the conditions. Without consent nothing else is weighed: a shopper who said no is not profiled to
find out what else would have been wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from offers import conditions
from offers.conditions import Inputs
from offers.definition import Definition
from offers.reasons import Weighed

Condition = Callable[[Definition, Inputs], Weighed | None]

BEFORE_CALENDAR: tuple[Condition, ...] = (
    conditions.place_is_open,
    conditions.campaign_is_live,
    conditions.place_matches,
    conditions.moment_kind_matches,
    conditions.moment_is_fresh,
    conditions.dwell,
    conditions.visit_number,
)
AFTER_CALENDAR: tuple[Condition, ...] = (
    conditions.trust,
    conditions.fewer,
    conditions.shopper_cap,
    conditions.shopper_window_cap,
    conditions.joined_cap,
    conditions.joined_window_cap,
    conditions.place_cap,
    conditions.total_cap,
    conditions.total_window_cap,
    conditions.budget,
    conditions.pace,
    conditions.version,
    conditions.holdout,
)


_OFTEN_FAIL_FIRST = (*AFTER_CALENDAR, *BEFORE_CALENDAR)


def weigh(definition: Definition, inputs: Inputs) -> tuple[Weighed, ...]:
    """Every condition the campaign asks for, in order: consent, sensitive places, trigger, calendar, weather and special days, audience, trust, wishes, caps, budget, holdout."""
    consent = conditions.consent(definition, inputs)
    if not consent.passed:
        return (consent,)
    before = [w for rule in BEFORE_CALENDAR if (w := rule(definition, inputs)) is not None]
    after = [w for rule in AFTER_CALENDAR if (w := rule(definition, inputs)) is not None]
    meant = conditions.audience(definition, inputs)
    days = (*conditions.calendar(definition, inputs), *conditions.outside(definition, inputs))
    return (consent, *before, *days, *meant, *after)


def eligible(weighed: tuple[Weighed, ...]) -> bool:
    return not [w for w in weighed if not w.passed]


def holds(definition: Definition, inputs: Inputs) -> bool:
    """`eligible(weigh(...))`, no further than the first condition that failed; what fails most often is asked first."""
    if not conditions.consent(definition, inputs).passed:
        return False
    for rule in _OFTEN_FAIL_FIRST:
        weighed = rule(definition, inputs)
        if weighed is not None and not weighed.passed:
            return False
    days = (*conditions.calendar(definition, inputs), *conditions.outside(definition, inputs))
    return eligible((*days, *conditions.audience(definition, inputs)))

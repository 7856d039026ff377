"""What a marketer, clerk or shopper may send: campaign documents and till scans, checked field by field.

Owns the validation of a campaign: every wrong field is named with its remedy. Its result is the frozen Definition
(definition.py); nothing else in the room sees these classes.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from app.kernel.documents import held, path_of
from app.kernel.money import MAX_AMOUNT_MINOR
from geofences.contracts import MomentKind, TrustLevel
from offers import schedule
from offers.audience_schemas import SegmentIn, segment_document, segment_of
from offers.benefit_schemas import BenefitIn, benefit_document, benefit_of
from offers.caps_schemas import CapsIn, caps_document, caps_of
from offers.coupon_schemas import CouponIn, coupon_document, coupon_of
from offers.definition import (
    BenefitKind,
    Definition,
    NthVisit,
    Pacing,
    Schedule,
    Stacking,
    StoreHours,
    Trigger,
    WeeklyHours,
)
from offers.experiment_schemas import ExperimentIn, experiment_document, experiment_of
from offers.message_schemas import MessageIn, message_document, message_of
from offers.outside.schemas import SpecialDaysIn, WeatherIn, special_document, special_of, weather_document, weather_of
from offers.segments import Segment

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Clause = Annotated[str, StringConstraints(strip_whitespace=True, max_length=160, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Names = Annotated[list[Name], Field(max_length=500)]
Minor = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


_Model = TypeVar("_Model", bound=BaseModel)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NthVisitIn(_In):
    exactly: Count | None = None
    at_least: Count | None = None
    every: Count | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.exactly is None and self.at_least is None and self.every is None:
            raise ValueError("say exactly, at_least or every (a number from 1 on)")
        if self.exactly is not None and (self.at_least or 0) > self.exactly:
            raise ValueError("exactly is smaller than at_least: no visit could be meant")
        if self.exactly is not None and self.every is not None and self.exactly % self.every:
            raise ValueError("exactly is not a multiple of every: no visit could be meant")
        return self


class TriggerIn(_In):
    moment_kinds: Annotated[
        list[MomentKind],
        Field(min_length=1, max_length=len(MomentKind), description="Kinds of moment that may earn the offer."),
    ]
    place_ids: Names = []
    chains: Names = []
    tags: Names = []
    everywhere: bool = Field(default=False, description="Every place; instead of place_ids, chains and tags.")
    min_dwell_s: Annotated[int, Field(strict=True, ge=0, le=86_400)] = 0
    nth_visit: NthVisitIn | None = None
    max_age_s: Annotated[int, Field(strict=True, ge=60, le=7 * 86_400)] = 1800

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        named = bool(self.place_ids or self.chains or self.tags)
        if named == self.everywhere:
            raise ValueError("name place_ids, chains or tags, or set everywhere to true (not both)")
        return self


class WeeklyIn(_In):
    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1, max_length=7)]
    from_: LocalTime = Field(alias="from", description="Local time of the store, HH:MM.")
    until: LocalTime = Field(
        description="Local time, exclusive; 24:00 is midnight; earlier than `from` runs past midnight."
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.from_ == self.until:
            raise ValueError("from and until are equal; for a whole day say 00:00 until 24:00")
        if self.from_ == "24:00":
            raise ValueError("from must be a time of the day, 00:00 to 23:59")
        return self


class StoreHoursIn(_In):
    place_id: Name
    weekly: Annotated[list[WeeklyIn], Field(min_length=1, max_length=50)]


class ScheduleIn(_In):
    starts_on: date | None = Field(default=None, description="First day, by the calendar of each store.")
    ends_on: date | None = Field(default=None, description="Last day, inclusive, by the calendar of each store.")
    weekly: Annotated[list[WeeklyIn], Field(max_length=50)] = []
    store_hours: Annotated[
        list[StoreHoursIn], Field(max_length=500, description="Other weekly hours at some of the stores.")
    ] = []

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on; exchange them")
        if self.ends_on is not None and self.ends_on.year > 9000:
            raise ValueError("ends_on is too far away; leave it out for no end")
        return self

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if len({s.place_id for s in self.store_hours}) != len(self.store_hours):
            raise ValueError("store_hours names a store twice; join its hours")
        for store, weekly in [("", self.weekly), *((f" of {s.place_id}", s.weekly) for s in self.store_hours)]:
            clash = schedule.overlap([weekly_hours(w) for w in weekly])
            if clash is not None:
                n, other, day = clash
                raise ValueError(
                    f"weekly[{n}] and weekly[{other}]{store} overlap on {DAYS[day]}; join them or part them"
                )
        return self


class StackingIn(_In):
    group: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = Field(
        default="", description="At most one coupon of a group counts on a cart."
    )
    combinable: bool = Field(default=False, description="May lie on a cart with coupons of other groups.")
    after: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]], Field(max_length=50)
    ] = []

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.after and not (self.combinable and self.group):
            raise ValueError("after needs combinable: true and a group of its own")
        if self.group in self.after:
            raise ValueError(f"after names its own group {self.group}: a circle; take it out")
        return self


class CampaignIn(_In):
    """A whole campaign. Money in minor units of `currency`."""

    name: Line = Field(description="For the marketers: what the campaign is called.")
    title: Line = Field(description="The coupon's headline, for the shopper.")
    because: Clause = Field(
        default="",
        description="A clause that goes on `You got this because you walked into X at 14:02 and ...`, without a full stop.",
    )
    currency: Currency = "EUR"
    trigger: TriggerIn
    benefit: BenefitIn
    schedule: ScheduleIn = ScheduleIn()
    caps: CapsIn = CapsIn()
    coupon: CouponIn = CouponIn()
    min_trust: TrustLevel = TrustLevel.CLAIMED
    budget_minor: Annotated[int, Field(strict=True, ge=1, le=MAX_AMOUNT_MINOR)] | None = None
    priority: Annotated[int, Field(strict=True, ge=-1000, le=1000)] = 0
    expected_value_minor: Annotated[int, Field(strict=True, ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR)] = 0
    experiment: ExperimentIn = ExperimentIn()
    stacking: StackingIn = StackingIn()
    pacing: Pacing = Field(default=Pacing.NONE, description="`even` releases the budget evenly over the days.")
    audience: SegmentIn | None = Field(default=None, description="Whom it is meant for; null: everybody.")
    message: MessageIn | None = Field(default=None, description="What is said of it, and by which ways; null: headline and benefit, by all of them.")
    weather: WeatherIn | None = Field(default=None, description="What must be forecast where the store lies; null: whatever the weather.")
    special_days: SpecialDaysIn | None = Field(default=None, description="Weekends, holidays and named days it is for; null: every day.")

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        from babel.numbers import list_currencies  # lazy: babel reads its tables

        if value not in list_currencies():
            raise ValueError("use an ISO 4217 code such as EUR")
        return value

    @model_validator(mode="after")
    def _variants_fit(self) -> Self:
        self.experiment.must_fit(self.benefit.kind.value, self.budget_minor)
        return self

    @model_validator(mode="after")
    def _pace_has_an_end(self) -> Self:
        if self.pacing is Pacing.EVEN and not (self.budget_minor and self.schedule.starts_on and self.schedule.ends_on):
            raise ValueError("pacing even needs budget_minor, schedule.starts_on and schedule.ends_on")
        return self

    @model_validator(mode="after")
    def _budget_is_bounded(self) -> Self:
        if self.budget_minor is None:
            return self
        if self.benefit.kind is BenefitKind.POINTS:
            raise ValueError("points cost no money; take out budget_minor")
        face = benefit_of(self.benefit).most_minor
        if face is None:
            raise ValueError("a budget needs benefit.max_discount_minor: each coupon sets its most aside")
        if face * self.coupon.uses > self.budget_minor:
            what = "one coupon" if self.coupon.uses == 1 else f"the {self.coupon.uses} coupons of one offer"
            raise ValueError(f"budget_minor is less than {what} may cost; raise it or lower benefit.max_discount_minor")
        return self

    @model_validator(mode="after")
    def _caps_have_room(self) -> Self:
        for name in ("per_shopper", "per_shopper_window", "total", "per_place", "total_window"):
            cap = getattr(self.caps, name)
            count = getattr(cap, "count", cap)
            if count is not None and count < self.coupon.uses:
                raise ValueError(f"caps.{name} counts coupons, and each offer is {self.coupon.uses} of them (coupon.uses); raise it to that or more")
        return self

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        if self.message is None or not self.message.texts:
            return self
        from offers.message_texts import faults  # lazy: the template language costs a third of a second

        found = [f"{where}: {what}" for where, what in faults(definition_of(self))]
        if found:
            raise ValueError("; ".join(found[:5]))
        return self


class Remark(_In):
    note: Clause = Field(default="", description="A word to the other one.")


class Looked(Remark):
    version: Count = Field(description="The version you looked at; it is approved, and no other.")


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def weekly_hours(w: WeeklyIn) -> WeeklyHours:
    return WeeklyHours(tuple(sorted({DAYS.index(d) for d in w.days})), _minutes(w.from_), _minutes(w.until))


def definition_of(given: CampaignIn) -> Definition:
    """A checked campaign as the frozen value that is stored. Lists are sorted, so that order makes no new version."""
    t, b, s, c = given.trigger, given.benefit, given.schedule, given.caps
    nth = NthVisit(t.nth_visit.exactly, t.nth_visit.at_least, t.nth_visit.every) if t.nth_visit else None
    weekly = tuple(weekly_hours(w) for w in s.weekly)
    return Definition(
        name=given.name,
        title=given.title,
        because=given.because.rstrip("."),
        currency=given.currency,
        trigger=Trigger(
            moment_kinds=tuple(sorted({k.value for k in t.moment_kinds})),
            place_ids=tuple(sorted(set(t.place_ids))),
            chains=tuple(sorted(set(t.chains))),
            tags=tuple(sorted(set(t.tags))),
            everywhere=t.everywhere,
            min_dwell_s=t.min_dwell_s,
            nth_visit=nth,
            max_age_s=t.max_age_s,
        ),
        benefit=benefit_of(b),
        schedule=Schedule(
            s.starts_on.isoformat() if s.starts_on else None,
            s.ends_on.isoformat() if s.ends_on else None,
            weekly,
            tuple(
                StoreHours(one.place_id, tuple(weekly_hours(w) for w in one.weekly))
                for one in sorted(s.store_hours, key=lambda one: one.place_id)
            ),
        ),
        caps=caps_of(c),
        coupon=coupon_of(given.coupon),
        min_trust=given.min_trust.value,
        budget_minor=given.budget_minor,
        priority=given.priority,
        expected_value_minor=given.expected_value_minor,
        experiment=experiment_of(given.experiment),
        pacing=given.pacing,
        audience=segment_of(given.audience, given.currency) if given.audience else None,
        message=message_of(given.message) if given.message else None,
        weather=weather_of(given.weather),
        special_days=special_of(given.special_days),
        stacking=Stacking(given.stacking.group, given.stacking.combinable, tuple(sorted(set(given.stacking.after)))),
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def weekly_document(weekly: tuple[WeeklyHours, ...]) -> list[dict[str, Any]]:
    return [
        {"days": [DAYS[i] for i in w.days], "from": _clock(w.from_minute), "until": _clock(w.until_minute)}
        for w in weekly
    ]


def document_of(definition: Definition) -> dict[str, Any]:
    """The inverse of `definition_of`: the document a marketer may change and send back."""
    d, t = definition, definition.trigger
    nth = t.nth_visit
    trigger = {
        "moment_kinds": list(t.moment_kinds),
        "place_ids": list(t.place_ids),
        "chains": list(t.chains),
        "tags": list(t.tags),
        "everywhere": t.everywhere,
    }
    trigger |= {"min_dwell_s": t.min_dwell_s, "max_age_s": t.max_age_s}
    trigger |= {"nth_visit": {"exactly": nth.exactly, "at_least": nth.at_least, "every": nth.every} if nth else None}
    weekly = weekly_document(d.schedule.weekly)
    stores = [{"place_id": one.place_id, "weekly": weekly_document(one.weekly)} for one in d.schedule.store_hours]
    return {
        "name": d.name,
        "title": d.title,
        "because": d.because,
        "currency": d.currency,
        "trigger": trigger,
        "benefit": benefit_document(d.benefit),
        "schedule": {
            "starts_on": d.schedule.starts_on,
            "ends_on": d.schedule.ends_on,
            "weekly": weekly,
            "store_hours": stores,
        },
        "caps": caps_document(d.caps),
        "coupon": coupon_document(d.coupon),
        "min_trust": d.min_trust,
        "budget_minor": d.budget_minor,
        "priority": d.priority,
        "expected_value_minor": d.expected_value_minor,
        "experiment": experiment_document(d.experiment),
        "pacing": d.pacing.value,
        "audience": segment_document(d.audience) if d.audience else None,
        "message": message_document(d.message) if d.message else None,
        "weather": weather_document(d.weather),
        "special_days": special_document(d.special_days),
        "stacking": {
            "group": d.stacking.group,
            "combinable": d.stacking.combinable,
            "after": list(d.stacking.after),
        },
    }


def checked(document: Mapping[str, Any]) -> Definition:
    """A document from a form or a file as a Definition; raises Invalid that names every wrong field."""
    return definition_of(_validated(CampaignIn, document))


def checked_audience(document: object, currency: str) -> Segment:
    """The audience alone, likewise."""
    return segment_of(_validated(SegmentIn, document, "audience"), currency)


def _validated(model: type[_Model], document: object, *under: str) -> _Model:
    return held(model, document, lambda place: path_of((*under, *place), whole="campaign"))

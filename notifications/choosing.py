"""By which way a message goes: the first that is open, and for each that was passed over the reason.

Owns the order (the campaign's, and before it hers) and the rules a way is held against: of the campaign, set up, agreed to, an address,
in time, under its own cap, a text that fits. Pure: what is known of a way arrives as an argument, and is asked for only when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.kernel.verdict import PASS, Fail, Verdict
from notifications.contracts import ChannelKind
from notifications.policy import Rule
from notifications.reasons import NotificationReason as Reason
from offers.contracts import Way

EVERY = (Way.PUSH, Way.WHATSAPP, Way.SMS, Way.EMAIL)
"""What is read soonest first: an offer lives as long as she is there."""
CHANNELS: Mapping[Way, tuple[ChannelKind, ...]] = {
    Way.PUSH: (ChannelKind.FCM, ChannelKind.WEB_PUSH),
    Way.WHATSAPP: (ChannelKind.WHATSAPP,),
    Way.SMS: (ChannelKind.SMS,),
    Way.EMAIL: (ChannelKind.EMAIL,),
}
WAY_OF: Mapping[ChannelKind, Way] = {channel: way for way, channels in CHANNELS.items() for channel in channels}


@dataclass(frozen=True, slots=True)
class WayRules:
    """`lead_s`: how long after it was sent a message there is read, as a rule. `most`: messages of one shopper there in `window_s`."""

    lead_s: Mapping[Way, int] = field(default_factory=dict[Way, int])
    most: Mapping[Way, int] = field(default_factory=dict[Way, int])
    window_s: int = 86_400
    least_life_s: int = 60


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one way to one shopper for one message. `said` counts the messages there within the window."""

    set_up: bool
    consent: Verdict
    address: Verdict
    fits: Verdict
    said: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """`taken` None: no way is open. `looked` is every way that was looked at, in order, with the first rule that closed it, or none."""

    taken: Way | None
    looked: tuple[tuple[Way, Verdict], ...]

    @property
    def closed(self) -> tuple[tuple[Way, Fail], ...]:
        return tuple((way, verdict) for way, verdict in self.looked if isinstance(verdict, Fail))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """For the record of the decision."""
        return tuple(_rule(way, verdict) for way, verdict in self.looked)


def order_of(campaign: Sequence[Way], hers: Sequence[Way]) -> tuple[Way, ...]:
    """The ways of the campaign, hers first, in her order; the campaign's own order after that."""
    allowed = tuple(campaign) or EVERY
    return tuple(dict.fromkeys((*(way for way in hers if way in allowed), *allowed)))


def verdict_of(way: Way, known: Known, *, left_s: int, rules: WayRules) -> Verdict:
    """The first thing that closes it. Whether it was agreed to is asked before whether there is an address: nobody is told of an address
    by a channel she has said no to."""
    if not known.set_up:
        return Fail(Reason.PUSH_NOT_CONFIGURED if way is Way.PUSH else Reason.CHANNEL_NOT_CONFIGURED)
    for verdict in (known.consent, known.address, in_time(way, left_s, rules), under_cap(way, known.said, rules), known.fits):
        if isinstance(verdict, Fail):
            return verdict
    return PASS


def in_time(way: Way, left_s: int, rules: WayRules) -> Verdict:
    """Whether the offer still lives when a message there is read, as a rule: what ends with the visit is not e-mailed."""
    lead_s = rules.lead_s.get(way, 0)
    if lead_s == 0 or left_s >= lead_s + rules.least_life_s:
        return PASS
    return Fail(Reason.TOO_LATE_FOR_CHANNEL, {"left_s": left_s, "lead_s": lead_s})


def under_cap(way: Way, said: int, rules: WayRules) -> Verdict:
    most = rules.most.get(way)
    if most is None or said < most:
        return PASS
    return Fail(Reason.CHANNEL_CAP_REACHED, {"said": said, "cap": most, "window_s": rules.window_s})


def choose(order: Sequence[Way], known: Callable[[Way], Known], *, left_s: int, rules: WayRules) -> Choice:
    """`order` as `order_of` gives it. A way the campaign does not go is closed by that before anything is asked about it."""
    looked: list[tuple[Way, Verdict]] = [(way, Fail(Reason.WAY_NOT_OF_CAMPAIGN)) for way in EVERY if way not in order]
    for way in order:
        verdict = verdict_of(way, known(way), left_s=left_s, rules=rules)
        looked.append((way, verdict))
        if not isinstance(verdict, Fail):
            return Choice(way, tuple(looked))
    return Choice(None, tuple(looked))


def _rule(way: Way, verdict: Verdict) -> Rule:
    if isinstance(verdict, Fail):
        return Rule(False, str(verdict.reason), {"channel": way.value, **verdict.facts})
    return Rule(True, Reason.WAY_OPEN.value, {"channel": way.value})

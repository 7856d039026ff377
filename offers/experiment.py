"""Who is held out of a campaign and which version of its offer a shopper sees: drawn once and for all, from ids alone.

Pure. Owns the draw and what it means. The draw is SHA-256 over what is drawn for, the campaign's salt, campaign and shopper:
it needs no table, survives every restart, is drawn anew for each campaign, and anybody who has the ids can repeat it. It sees
nothing of what the shopper did, so the groups differ in nothing but the offer.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from msgspec import Struct

from offers.definition import Definition, Experiment, Variant

HOLDOUT = "holdout"
"""The arm of those who are held out; no variant may be called so."""
EVERYBODY = "all"
"""The arm of those who are not, in a campaign without variants."""


class Draw(Struct, frozen=True, gc=False):
    """Two independent numbers: `holdout_bp` from 0 to 9,999, `variant_ppm` from 0 to 999,999."""

    holdout_bp: int
    variant_ppm: int


def _number(of: int, what: str, experiment: Experiment, campaign_id: str, shopper_id: str) -> int:
    """0 to `of` - 1, evenly (64 bits of the hash are scaled: no value is likelier than another by more than 2^-44)."""
    text = "\x1f".join((what, experiment.salt, campaign_id, shopper_id))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") * of >> 64


def draw(experiment: Experiment, campaign_id: str, shopper_id: str) -> Draw | None:
    """None when there is nothing to draw for."""
    if not experiment.holdout_bp and not experiment.variants:
        return None
    return Draw(
        _number(10_000, "offers/holdout", experiment, campaign_id, shopper_id),
        _number(1_000_000, "offers/variant", experiment, campaign_id, shopper_id),
    )


def held_out(experiment: Experiment, drawn: Draw | None) -> bool:
    return drawn is not None and drawn.holdout_bp < experiment.holdout_bp


def variant_of(experiment: Experiment, drawn: Draw | None) -> Variant | None:
    """By weight; None when the offer has one version."""
    if drawn is None or not experiment.variants:
        return None
    left = drawn.variant_ppm * sum(v.weight for v in experiment.variants) // 1_000_000
    for variant in experiment.variants:
        left -= variant.weight
        if left < 0:
            return variant
    return experiment.variants[-1]


def arm_of(experiment: Experiment, drawn: Draw | None) -> str | None:
    """The group she counts in; None without an experiment."""
    if drawn is None:
        return None
    if held_out(experiment, drawn):
        return HOLDOUT
    variant = variant_of(experiment, drawn)
    return variant.name if variant else EVERYBODY


def with_variant(definition: Definition, variant: Variant | None) -> Definition:
    """The campaign as this version says it: title, clause and value of the benefit."""
    if variant is None:
        return definition
    values = {
        name: value
        for name in ("percent_bp", "amount_minor", "price_minor", "max_discount_minor")
        if (value := getattr(variant, name)) is not None
    }
    return replace(
        definition,
        title=variant.title if variant.title is not None else definition.title,
        because=variant.because if variant.because is not None else definition.because,
        benefit=replace(definition.benefit, **values) if values else definition.benefit,
    )


def named(definition: Definition, variant_name: str | None) -> Definition:
    """As `with_variant`, by its name; the campaign itself where there is none of that name."""
    return with_variant(definition, next((v for v in definition.experiment.variants if v.name == variant_name), None))


def as_drawn(definition: Definition, drawn: Draw | None) -> Definition:
    """The campaign as this shopper would see it."""
    return with_variant(definition, variant_of(definition.experiment, drawn))

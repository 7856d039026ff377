"""The settings of beacons, and the rules made of them.

Owns the fields, their defaults and the two makers. docs/algorithms/beacons.md explains each threshold.
"""

from __future__ import annotations

from pydantic import Field

from app.kernel.settings import SettingsGroup
from geofences.beacons.echoes import EchoRules
from geofences.beacons.hearing import HearingRules
from geofences.beacons.rotation import DriftRules
from geofences.beacons.smoothing import SmoothingRules
from geofences.beacons.zones import ZoneRules
from geofences.settings import DwellLadder


class BeaconSettings(SettingsGroup):
    """Read from `MOMENTS_BEACONS__<FIELD>`."""

    enter_probability: float = Field(
        0.9, gt=0.5, lt=1, description="A zone visit opens when what is heard adds up to this probability."
    )
    reach_m: float = Field(
        15,
        gt=0,
        le=200,
        description="A zone whose nearest beacon sounds further off than this is more likely another's.",
    )
    silence_s: float = Field(
        600,
        ge=30,
        le=86_400,
        description="A zone visit of which no beacon is heard this long ends where it was last heard.",
    )
    exit_wait_s: float = Field(
        90, ge=1, le=86_400, description="Beacons elsewhere and then silence this long end a zone visit."
    )
    dwell_steps_s: DwellLadder = Field((120, 300, 900), description="The dwell ladder of zone visits.")
    most_hold_s: float = Field(
        120, ge=5, le=3600, description="However rarely a beacon is heard, it counts as gone after this long."
    )
    clock_window_s: float = Field(
        120, ge=0, le=86_400, description="How wrong a rotating beacon's clock may be on the day it was set."
    )
    clock_ppm: float = Field(
        50, ge=0, le=1000, description="How many millionths a rotating beacon's clock gains or loses."
    )
    echo_reach_m: float = Field(
        150, ge=10, le=10_000, description="Two phones further apart than twice this cannot hear one beacon."
    )
    lateness_s: float = Field(
        2.0, ge=0, le=3600, description="How long a sighting waits for earlier ones that are still on their way."
    )
    max_sightings_per_batch: int = Field(2000, ge=1, le=20_000, description="The most sightings one request may carry.")
    max_sighting_age_s: int = Field(86_400, ge=60, le=2_592_000, description="Older sightings are refused.")

    def hearing_rules(self) -> HearingRules:
        zones = ZoneRules(
            enter_probability=self.enter_probability,
            silence_s=self.silence_s,
            exit_wait_s=self.exit_wait_s,
            dwell_steps_s=self.dwell_steps_s,
        )
        return HearingRules(SmoothingRules(most_hold_s=self.most_hold_s), zones, reach_m=self.reach_m)

    def drift_rules(self) -> DriftRules:
        return DriftRules(window_s=self.clock_window_s, ppm=self.clock_ppm)

    def echo_rules(self) -> EchoRules:
        return EchoRules(reach_m=self.echo_reach_m)

"""The settings of detection, and the rules made of them.

Owns the fields, their defaults and `track_rules`. docs/algorithms/detection.md explains each threshold.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from app.kernel.settings import SettingsGroup
from geofences.track import TrackRules
from geofences.transitions import PresenceRules
from geofences.trust import TrustRules

DwellLadder = Annotated[
    tuple[int, ...], Field(min_length=1, max_length=10), AfterValidator(lambda steps: tuple(sorted(set(steps))))
]
"""Ages of a visit in seconds at which a moment is noticed: in order, each once."""


class GeofenceSettings(SettingsGroup):
    """Read from `MOMENTS_GEOFENCES__<FIELD>`."""

    lateness_s: float = Field(
        1.0,
        ge=0,
        le=86_400,
        description="How long a fix waits for earlier ones that are still on their way; it is also the least delay of a moment.",
    )
    correction_window_s: float = Field(
        86_400,
        ge=0,
        le=604_800,
        description="A fix that comes too late corrects visits that lie back no longer than this; positions stay in the log, sealed, as long. 0: they go as soon as they are processed.",
    )
    history_fixes: int = Field(
        2_000_000,
        ge=10_000,
        le=100_000_000,
        description="The most fixes (65 bytes each) a runner keeps in memory to correct from; the oldest go first.",
    )
    enter_probability: float = Field(
        0.8, gt=0.5, lt=1, description="A visit opens at once when one fix lies inside with this probability."
    )
    settle_s: float = Field(
        180, ge=1, le=86_400, description="A phone last heard inside and then silent this long counts as staying."
    )
    exit_margin_m: float = Field(
        25,
        ge=0,
        le=1000,
        description="How far beyond the border (and beyond its own accuracy) a fix must lie to speak for having left.",
    )
    exit_wait_s: float = Field(
        300, ge=1, le=86_400, description="A phone heard outside but not convincingly, then silent this long, has left."
    )
    silence_s: float = Field(
        10_800,
        ge=60,
        le=604_800,
        description="A visit of which nothing is heard this long ends where it was last heard.",
    )
    drive_mps: float = Field(4, gt=0, le=100, description="Faster than this is passing through, not visiting.")
    dwell_steps_s: DwellLadder = Field(
        (120, 300, 900),
        description="The dwell ladder: a moment is noticed at each of these ages of a visit.",
    )
    inaccurate_m: float = Field(
        100, gt=0, le=100_000, description="A position less accurate than this is noted as a doubt."
    )
    jump_mps: float = Field(
        90, gt=0, le=100_000, description="A way faster than this between two positions is noted as a doubt."
    )
    stale_s: float = Field(
        600, gt=0, le=604_800, description="A position older than this when it arrives is noted as a doubt."
    )
    max_fixes_per_batch: int = Field(10_000, ge=1, le=10_000, description="The most fixes one request may carry.")
    max_fix_age_s: int = Field(604_800, ge=60, le=2_592_000, description="Older fixes are refused.")
    flush_every_s: float = Field(
        0.5, gt=0, le=10, description="The longest time what was read from the log waits to be committed as state."
    )
    poll_every_s: float = Field(
        0.25, gt=0, le=10, description="How often the runner looks for fixes that another process has taken in."
    )
    lease_s: float = Field(
        5, ge=1, le=300, description="A runner that has not been heard of this long is taken to be dead."
    )
    waypoints_per_phone: int = Field(
        20,
        ge=0,
        le=100,
        description="How many circles an OwnTracks phone is given to watch by itself, the one around it included; less than 2 sends none. iOS takes 20 at most.",
    )

    mqtt_url: SecretStr | None = Field(
        None,
        description="A broker that OwnTracks phones publish to, as mqtt://user:password@host:1883 or mqtts://... with TLS; unset, nothing listens. Set it for one process only.",
    )
    mqtt_client_id: str = Field(
        "mobile-moments",
        min_length=1,
        max_length=64,
        description="Under this name the broker keeps what comes while no process listens.",
    )

    @field_validator("mqtt_url")
    @classmethod
    def _is_a_broker(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError("must be mqtt://user:password@host:port or mqtts://...")
        return url

    def track_rules(self) -> TrackRules:
        """The thresholds as the pure modules take them."""
        presence = PresenceRules(
            enter_probability=self.enter_probability,
            settle_s=self.settle_s,
            exit_margin_m=self.exit_margin_m,
            exit_wait_s=self.exit_wait_s,
            silence_s=self.silence_s,
            drive_mps=self.drive_mps,
            dwell_steps_s=self.dwell_steps_s,
        )
        return TrackRules(
            presence,
            TrustRules(self.jump_mps, self.stale_s, self.inaccurate_m),
            correction_window_s=self.correction_window_s,
        )

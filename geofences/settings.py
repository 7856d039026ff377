"""The settings of detection, and the rules made of them.

Owns the fields, their defaults and `track_rules`. docs/algorithms/detection.md explains each threshold.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from app.kernel.settings import SettingsGroup
from geofences.adapters.kafka_address import client_options
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
    partitions: int = Field(
        1,
        ge=1,
        le=4096,
        description="Into how many parts the log of fixes is divided, each worked on by one process at a time; for ever: of a database that has begun it is not changed. 1 for one process, 64 for several (moments worker).",
    )
    waypoints_per_phone: int = Field(
        20,
        ge=0,
        le=100,
        description="How many circles an OwnTracks phone is given to watch by itself, the one around it included; less than 2 sends none. iOS takes 20 at most.",
    )

    mqtt_url: SecretStr | None = Field(
        None,
        description="A broker that OwnTracks phones publish to, as mqtt://user:password@host:1883 or mqtts://... with TLS; unset, nothing listens. Of several processes with loops one listens at a time.",
    )
    mqtt_client_id: str = Field(
        "mobile-moments",
        min_length=1,
        max_length=64,
        description="Under this name the broker keeps what comes while no process listens.",
    )

    kafka_url: SecretStr | None = Field(
        None,
        description="An Apache Kafka that fixes travel by, instead of a table, as kafka://host:9092,other:9092 or kafkas://user:password@host:9093 with TLS (?sasl=PLAIN for another mechanism than SCRAM-SHA-512, ?ca=/file for its authority); unset, the database keeps them.",
    )
    kafka_topic: str = Field(
        "moments-fixes", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="The topic of the log; it is made when it is missing."
    )
    kafka_group: str = Field(
        "moments", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="The group whose members divide the partitions among themselves."
    )
    kafka_member: str = Field(
        "",
        max_length=200,
        description="The name of this process in the group, another for each: its partitions wait a session for it to come back. Empty: when it stops the others take them at once.",
    )
    kafka_partitions: int = Field(
        512, ge=1, le=10_000, description="Into how many partitions the log is divided; for ever, as it says whose fixes are where."
    )
    kafka_replication: int = Field(
        3,
        ge=1,
        le=10,
        description="How many brokers keep each fix; all but one of them have it before it is answered. 1 for a single broker.",
    )
    kafka_retention_s: float = Field(
        259_200,
        ge=3600,
        le=2_592_000,
        description="How long Kafka keeps fixes, sealed: the longest that no worker may run before answered fixes are lost.",
    )
    kafka_session_s: float = Field(
        6, ge=1, le=300, description="A worker not heard of this long is taken to be dead, and others read its partitions."
    )
    kafka_tick_s: float = Field(
        0.5, ge=0.05, le=10, description="How often it is said in the log what time it is: what is noticed is noticed so much later at most."
    )
    kafka_send_within_s: float = Field(
        5, ge=0.1, le=60, description="A request whose fixes Kafka has not taken after this long is answered 503."
    )

    @field_validator("kafka_url")
    @classmethod
    def _is_a_kafka(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        client_options(url.get_secret_value())
        return url

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

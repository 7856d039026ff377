"""Every setting of the house, from the environment or a `.env` file.

Owns the composition of the rooms' groups and the deployment's own fields. docs/settings.md is generated from it.
Must not read secrets: those live in `<data_dir>/secrets.json` (app/security/secrets.py), outside keys excepted.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.kernel.errors import FieldError, Invalid
from app.kernel.tracing import TracingSettings
from app.privacy.settings import PrivacySettings
from app.security.contacts.settings import ContactSettings
from app.security.settings import SecuritySettings
from app.security.sim_swap.settings import SimSwapSettings
from geofences.beacons.settings import BeaconSettings
from geofences.settings import GeofenceSettings
from notifications.channel_settings import ChannelSettings
from notifications.conversations.settings import ConversationSettings
from notifications.metering.settings import MeteringSettings
from notifications.settings import NotificationSettings
from notifications.support.settings import SupportSettings
from notifications.surveys.settings import SurveySettings
from notifications.webhooks.settings import WebhookSettings
from offers.outside.settings import OutsideSettings
from offers.settings import OfferSettings
from storefront.settings import StorefrontSettings

PREFIX = "MOMENTS_"


class Settings(BaseSettings):
    """Read from `MOMENTS_<FIELD>`, a room's from `MOMENTS_<ROOM>__<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path(".moments"), description="Where the SQLite file and the secrets file live; made with mode 0700.")
    database_url: str = Field("", description="`postgresql://user@host/name`; empty: SQLite in data_dir.")
    host: str = Field("127.0.0.1", description="The address `moments serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="The port `moments serve` listens on; 0 takes a free one.")
    public_url: str = Field("", description="The address people see, for links in messages; empty: http://host:port.")
    loops: bool = Field(True, description="Run detection, relay, dispatch and the scheduler in this process; off for API replicas beside `moments scheduler`.")
    demo: bool = Field(False, description="Demo mode: local payment and push peers, test cards offered, the demo page is served.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least severe log line that is written.")
    log_format: Literal["json", "console"] = Field("json", description="`json` for machines, `console` for people.")
    kernel: Literal["auto", "compiled", "numpy"] = Field("auto", description="What answers where a fix lies: the `compiled` kernel, `numpy`, or (`auto`) the kernel where it was built. The answers are the same.")
    threads: int = Field(40, ge=4, le=500, description="Threads that serve requests; each may hold one database connection.")
    tracing: TracingSettings = Field(default_factory=TracingSettings, description="Traces of the way from a fix to a push, for OpenTelemetry collectors.")  # type: ignore[arg-type]
    security: SecuritySettings = Field(default_factory=SecuritySettings, description="Who may call, and how often.")  # type: ignore[arg-type]
    contacts: ContactSettings = Field(default_factory=ContactSettings, description="How shoppers are reached: mail, codes, links that take a change back.")  # type: ignore[arg-type]
    sim_swap: SimSwapSettings = Field(default_factory=SimSwapSettings, description="Whether the SIM of a shopper's number was swapped: who is asked.")  # type: ignore[arg-type]
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="Who answers for the data.")  # type: ignore[arg-type]
    geofences: GeofenceSettings = Field(default_factory=GeofenceSettings, description="Detection.")  # type: ignore[arg-type]
    beacons: BeaconSettings = Field(default_factory=BeaconSettings, description="Beacons heard, and zones told by them.")  # type: ignore[arg-type]
    offers: OfferSettings = Field(default_factory=OfferSettings, description="Decisions and coupons.")  # type: ignore[arg-type]
    outside: OutsideSettings = Field(default_factory=OutsideSettings, description="Weather and calendars that campaigns ask about.")  # type: ignore[arg-type]
    notifications: NotificationSettings = Field(default_factory=NotificationSettings, description="Messages.")  # type: ignore[arg-type]
    conversations: ConversationSettings = Field(default_factory=ConversationSettings, description="Talking with shoppers.")
    support: SupportSettings = Field(default_factory=SupportSettings, description="Cases, and by when they are answered.")
    surveys: SurveySettings = Field(default_factory=SurveySettings, description="Surveys, and how often somebody is told of one.")
    metering: MeteringSettings = Field(default_factory=MeteringSettings, description="What a licence may be paid by.")
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings, description="Events told to other systems.")
    channels: ChannelSettings = Field(default_factory=ChannelSettings, description="The ways a message can reach somebody beside the inbox and FCM.")  # type: ignore[arg-type]
    storefront: StorefrontSettings = Field(default_factory=StorefrontSettings, description="Shop and payment.")  # type: ignore[arg-type]

    def resolved_database_url(self) -> str:
        """The URL to connect to: as set, or the SQLite file in data_dir."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'moments.sqlite3'}"

    def changed(self) -> list[str]:
        """The variables whose value is not the default, by name alone: a value may be a secret."""
        fields = ((name, info, getattr(self, name)) for name, info in type(self).model_fields.items())
        names: list[str] = []
        for name, info, value in fields:
            if isinstance(value, BaseModel):
                inner = type(value).model_fields.items()
                names += [f"{PREFIX}{name}__{each}".upper() for each, its in inner if getattr(value, each) != its.get_default(call_default_factory=True)]
            elif value != info.get_default(call_default_factory=True):
                names.append(f"{PREFIX}{name}".upper())
        return sorted(names)

    def canonical(self) -> str:
        """Every value as one text, secrets in the clear: to be hashed with a key, and never to be shown or kept."""
        return json.dumps(self.model_dump(), default=_plain, sort_keys=True)

    def base_url(self) -> str:
        """Where people find this house, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; raises `Invalid` naming each wrong variable and the remedy."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        fields = [FieldError(PREFIX + "__".join(str(p) for p in e["loc"]).upper(), str(e["msg"])) for e in error.errors()]
        raise Invalid("; ".join(f"{f.field}: {f.remedy}" for f in fields), fields=fields) from None


@cache
def known_variables() -> frozenset[str]:
    """Every environment variable the house reads."""
    names: set[str] = set()
    for name, field in Settings.model_fields.items():
        group = getattr(field.annotation, "model_fields", None)
        names |= {f"{PREFIX}{name}__{inner}".upper() for inner in group} if group else {f"{PREFIX}{name}".upper()}
    return frozenset(names)


def unknown_variables() -> list[str]:
    """`MOMENTS_...` variables that mean nothing here: most likely misspelt."""
    return sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known_variables() and n not in {"MOMENTS_NO_SKIPS", "MOMENTS_SCREENSHOTS"})

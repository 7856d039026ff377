"""What the endpoints of app/security take and give.

Owns the shapes at the edge: lengths, and text without control characters. Rules live beside the use cases.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.security.passwords import MAX_CHARS


def plain_text(text: str) -> str:
    """Refuses control characters: a name is one line, and PostgreSQL cannot hold a NUL."""
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ValueError("one line of text without control characters")
    return text.strip()


Name = Annotated[str, Field(max_length=120), AfterValidator(plain_text)]
Platform = Literal["android", "ios", "web", "tracker", "other"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DeviceIn(Body):
    """`web`: this is a browser; it gets a session cookie and no token."""

    name: Name = "Phone"
    platform: Platform = "other"
    web: bool = False


class DeviceOut(BaseModel):
    """Told once: `token` opens everything the shopper may do, `tracking_key` only reports positions. None for a browser."""

    shopper_id: str
    device_id: str
    token: str | None
    tracking_key: str | None


class AccountIn(Body):
    """`current_password`: the one that is replaced; needed unless you have just confirmed that it is you in another way."""

    email: str = Field(max_length=320)
    password: str = Field(max_length=MAX_CHARS * 4)
    current_password: str | None = Field(None, max_length=MAX_CHARS * 4)


class AccountOut(BaseModel):
    person_id: str
    email: str


class SignInIn(Body):
    """`web`: answer with a cookie. Otherwise a shopper's new device is registered as `name` and `platform`, staff get a session token."""

    email: str = Field(max_length=320)
    password: str = Field(max_length=MAX_CHARS * 4)
    web: bool = False
    name: Name = "Phone"
    platform: Platform = "other"


class SignInOut(BaseModel):
    """`token` None: the cookie, or the token the device already has, goes on."""

    role: str
    person_id: str
    shopper_id: str | None = None
    device_id: str | None = None
    token: str | None = None
    tracking_key: str | None = None


class MeOut(BaseModel):
    role: str
    id: str
    device_id: str | None
    place_ids: tuple[str, ...]
    email: str | None
    scopes: tuple[str, ...]


class ApiKeyIn(Body):
    name: Name = Field(min_length=1)
    scopes: list[Annotated[str, Field(max_length=40)]] = Field(max_length=20)


class ApiKeyOut(BaseModel):
    """`key` is told once."""

    id: str
    key: str
    shown: str
    name: str
    scopes: tuple[str, ...]

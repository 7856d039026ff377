"""What the room's endpoints accept and answer beyond its contracts. Owns shapes only."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from notifications.contracts import InboxMessage
from notifications.ports import TokenKind
from notifications.tokens import TOKEN_MOST_CHARS


class PushTokenIn(BaseModel):
    """Where this device can be reached by push."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[
        str, Field(min_length=8, max_length=TOKEN_MOST_CHARS, description="As Firebase gave it to the app.")
    ]
    kind: Annotated[
        Literal[TokenKind.FID, TokenKind.TOKEN], Field(description="`fid`: a Firebase installation id; `token`: a registration token.")
    ] = TokenKind.TOKEN
    timezone: Annotated[str | None, Field(max_length=64, description="The phone's IANA zone, for quiet hours.")] = None


class PushTokenOut(BaseModel):
    id: str
    kind: TokenKind


class InboxOut(BaseModel):
    """`newest_position` is where a stream of what comes next begins (`?after=`)."""

    messages: list[InboxMessage]
    newest_position: int


class WebPushKeysIn(BaseModel):
    """As the browser gives them, base64url."""

    model_config = ConfigDict(extra="forbid")

    p256dh: Annotated[str, Field(min_length=80, max_length=100, description="The browser's public key, a point of P-256.")]
    auth: Annotated[str, Field(min_length=20, max_length=30, description="The secret it shares with us.")]


class WebPushIn(BaseModel):
    """A browser's subscription, as `PushSubscription.toJSON()` gives it."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Annotated[str, Field(min_length=10, max_length=2048, description="Where its push service takes messages for it.")]
    keys: WebPushKeysIn
    expirationTime: Annotated[float | None, Field(description="When the browser lets it end, if it does; not used.")] = None  # noqa: N815 - the browser's name for it
    timezone: Annotated[str | None, Field(max_length=64, description="The browser's IANA zone, for quiet hours.")] = None


class WebPushKeyOut(BaseModel):
    """`applicationServerKey` for `pushManager.subscribe`."""

    public_key: str

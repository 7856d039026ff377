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

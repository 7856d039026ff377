"""What the routes of conversations accept and answer beyond the contracts. Owns shapes only."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from notifications.conversations.contracts import SaidView, ThreadView
from notifications.conversations.words import MAX_CHARS


class SayIn(BaseModel):
    """Something she says."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    text: Annotated[str, Field(min_length=1, max_length=MAX_CHARS, description="In English, Finnish or Swedish.")]


class ThreadsOut(BaseModel):
    conversations: list[ThreadView]


class TalkOut(BaseModel):
    """`messages` in order of `seq`; ask again with `?after=` the last one."""

    thread: ThreadView | None
    messages: list[SaidView]

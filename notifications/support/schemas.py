"""What the routes of support accept. Owns shapes only."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from notifications.support.contracts import About, Category, Channel, Priority
from notifications.support.opening import SUBJECT_MOST_CHARS, TEXT_MOST_CHARS, Told
from notifications.support.rating import WORDS_MOST_CHARS
from notifications.support.states import Move

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_MOST_CHARS)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CaseIn(_In):
    """What it is about. `subject` empty: the first words."""

    text: Text
    category: Category = Category.OTHER
    subject: Annotated[str, StringConstraints(strip_whitespace=True, max_length=SUBJECT_MOST_CHARS)] = ""
    order_id: Id | None = None
    visit_id: Id | None = None
    decision_id: Id | None = Field(default=None, description="Of an offer, or of why there was none.")
    coupon_id: Id | None = None
    thread_id: Id | None = Field(default=None, description="A conversation.")

    def about(self) -> About:
        return About(self.order_id, self.visit_id, self.decision_id, self.coupon_id, self.thread_id)

    def told(self, channel: Channel) -> Told:
        return Told(self.text, self.category, self.subject, self.about(), channel)


class CaseForIn(CaseIn):
    """A case somebody of ours opens: it belongs to whoever what it names belongs to, and `text` is a note."""

    channel: Channel = Channel.PHONE
    priority: Priority | None = None


class WriteIn(_In):
    text: Text


class EntryIn(_In):
    text: Text
    to_shopper: bool = Field(description="True: an answer to her; false: a note for us alone.")


class SortIn(_In):
    """What is left out stays."""

    move: Move | None = Field(default=None, description="solve, reopen, resume or close.")
    priority: Priority | None = None
    category: Category | None = None


class MergeIn(_In):
    into: Id


class RatingIn(_In):
    stars: Annotated[int, Field(strict=True, ge=1, le=5)]
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=WORDS_MOST_CHARS)] = ""

"""What a marketer may write about the messages of a campaign: texts by language, ways, what is filled in where nothing is known.

Owns the validation of the shape and its way there and back; whether a text can be said is message_texts.py's to find.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.text_limits import TEMPLATE_MOST_CHARS, TEMPLATE_MOST_CHARS_HTML
from offers.message import VARIABLES, CampaignMessage, MessageText, Way

MOST_LANGUAGES = 20
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
_NO_CONTROLS = r"^[^\x00-\x09\x0b-\x1f\x7f]*$"
Source = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEMPLATE_MOST_CHARS, pattern=_NO_CONTROLS)]
Page = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEMPLATE_MOST_CHARS_HTML, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_NO_CONTROLS)]


class MessageTextIn(BaseModel):
    """Liquid templates, or plain texts. Variables are those of docs/algorithms/messages.md, no others."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Source, Field(min_length=1)]
    body: Annotated[Source, Field(min_length=1)]
    sms: Source = Field(default="", description="What a text message says; empty: title and body.")
    subject: Source = Field(default="", description="The subject of an e-mail; empty: the title.")
    html: Page = Field(default="", description="The inside of an e-mail's page; empty: made of the body.")
    defaults: dict[str, Value] = Field(default={}, description="Variable -> what is said where it has no value.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in self.defaults:
            if name not in VARIABLES:
                raise ValueError(f"defaults: there is no variable {name[:40]}; there are {', '.join(sorted(VARIABLES))}")
        return self


class MessageIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Language = Field(default="en", description="The language for those whose own has no text.")
    texts: Annotated[dict[Language, MessageTextIn], Field(max_length=MOST_LANGUAGES)] = Field(
        default={}, description="Language -> texts; none: the coupon's headline and what it gives, in English."
    )
    channels: Annotated[list[Way], Field(max_length=len(Way))] = Field(
        default=[], description="The ways a message may go, in the order they are tried (hers goes before it); none: push, whatsapp, sms, email."
    )
    risky: bool = Field(default=False, description="It leads to what moves money or an account: no text message carries a link.")

    @model_validator(mode="after")
    def _has_its_own(self) -> Self:
        if self.texts and self.language not in self.texts:
            raise ValueError(f"texts has none in {self.language}, the language to fall back to; there are {', '.join(sorted(self.texts))}")
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("channels names a way twice")
        return self


def message_of(given: MessageIn) -> CampaignMessage:
    texts = tuple(
        MessageText(language, **one.model_dump(exclude={"defaults"}), defaults=tuple(sorted(one.defaults.items())))
        for language, one in sorted(given.texts.items())
    )
    return CampaignMessage(given.language, texts, tuple(given.channels), given.risky)


def message_document(message: CampaignMessage) -> dict[str, Any]:
    """The inverse of `message_of`."""
    texts = {t.language: {"title": t.title, "body": t.body, "sms": t.sms, "subject": t.subject, "html": t.html, "defaults": dict(t.defaults)} for t in message.texts}
    return {"language": message.language, "texts": texts, "channels": [way.value for way in message.channels], "risky": message.risky}

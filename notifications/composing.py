"""The texts of one message, for every channel, in her language: made whole, or not at all.

Owns the choice of the language, the filling in, and what each channel gets where the campaign has nothing of its own for it. Pure. What
cannot be filled in, or would say nothing, is a Fail: no message leaves half-made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.kernel import languages
from app.kernel.text_limits import BODY_MOST_CHARS, SUBJECT_MOST_CHARS, TITLE_MOST_CHARS
from app.kernel.verdict import Fail
from notifications.compose import clean, cut
from notifications.reasons import NotificationReason as Reason
from offers.contracts import CouponMessage

Fill = Callable[[CouponMessage, str, str, Mapping[str, object]], "str | Fail"]
"""`offers.facade.fill_message`: message, language, part, values."""


@dataclass(frozen=True, slots=True)
class Words:
    """`sms`, `subject` and `html` empty: title and text are said there too. `risky`: no text message carries a link."""

    language: str
    title: str
    body: str
    sms: str = ""
    subject: str = ""
    html: str = ""
    risky: bool = False


def plain(title: str, body: str) -> Words:
    """What a campaign without texts of its own says, in the language of the house."""
    return Words(languages.PLAIN, cut(clean(title), TITLE_MOST_CHARS), cut(clean(body), BODY_MOST_CHARS))


def words(source: CouponMessage, fill: Fill, *, her_language: str, called: str, title: str, body: str) -> Words | Fail:
    """`title` and `body` are said where the campaign has ways but no texts of its own; `called` is what she wants to be called, or empty."""
    message = source.message
    if not message.texts:
        said = plain(title, body)
        return Words(said.language, said.title, said.body, risky=message.risky)
    language = languages.chosen(her_language, [text.language for text in message.texts], message.language)
    made: dict[str, str] = {}
    for part in ("title", "body", "sms", "subject", "html"):
        told = fill(source, language, part, {"name": clean(called) or None})
        if isinstance(told, Fail):
            return Fail(Reason.TEXT_NOT_MADE, {"language": language, "part": part, "why": str(told.reason), **_more(told)})
        made[part] = told
    if not clean(made["title"]) or not clean(made["body"]):
        part = "body" if clean(made["title"]) else "title"
        return Fail(Reason.TEXT_NOT_MADE, {"language": language, "part": part, "why": str(Reason.NOTHING_TO_SAY)})
    return Words(
        language,
        cut(clean(made["title"]), TITLE_MOST_CHARS),
        cut(clean(made["body"]), BODY_MOST_CHARS),
        "\n".join(line for line in map(clean, made["sms"].splitlines()) if line),
        cut(clean(made["subject"]), SUBJECT_MOST_CHARS),
        made["html"],
        message.risky,
    )


def _more(fail: Fail) -> dict[str, str | int | float | bool | None]:
    return {name: value for name, value in fail.facts.items() if name in ("variable", "what")}

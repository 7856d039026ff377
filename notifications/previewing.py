"""How a message will look, device by device, before anybody gets it.

Owns what each device shows of a text, and what would keep a channel from carrying it, from the campaign and values as they may be.
Must not send, and must not say more than a device would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.kernel import languages
from app.kernel.text_limits import LINK_MOST_CHARS, sms_segments
from app.kernel.verdict import Fail
from notifications import composing, phrases, told
from notifications.choosing import CHANNELS, EVERY
from notifications.compose import cut, with_word
from notifications.contracts import ChannelKind
from notifications.ways import fits
from offers import facade as offers
from offers.contracts import MessageExample, Way

WORD = "amber otter"
CODE = "K7Q-2MF"
LINK = "https://shop.example/l/…"
LOCK_SCREEN = (40, 178)
"""Title and text of a notification on a locked phone, in characters, before the phone cuts them: one line, four lines."""
BANNER = (40, 92)
"""Of one that slides in over an app: one line, two lines."""


@dataclass(frozen=True, slots=True)
class Look:
    """One device. `cut` says that the device shows less than was written; `note` how it is counted; `problem` why it would not be sent."""

    name: str
    channel: str
    title: str
    body: str
    html: str = ""
    cut: bool = False
    note: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """`language` is the one it is told in, `languages` those there are; `refused` why nothing can be said at all."""

    campaign_name: str
    language: str
    languages: tuple[str, ...]
    right_to_left: bool
    ways: tuple[Way, ...]
    looks: tuple[Look, ...]
    refused: str = ""


def preview(example: MessageExample, *, language: str = "", called: str = "Aino", only: ChannelKind | None = None) -> Preview:
    """All looks, or those of one channel. Raises nothing."""
    message = example.message.message
    words = composing.words(example.message, offers.fill_message, her_language=language or message.language, called=called, title=example.title, body=example.body)
    ways, there = message.channels or EVERY, tuple(text.language for text in message.texts) or (languages.PLAIN,)
    if isinstance(words, Fail):
        why = ", ".join(str(value) for value in words.facts.values())
        return Preview(example.campaign_name, language, there, False, ways, (), f"{phrases.reason(words.reason, languages.PLAIN)} ({why})")
    looks = tuple(look for look in _looks(words) if only is None or look.channel == only.value)
    return Preview(example.campaign_name, words.language, there, languages.right_to_left(words.language), ways, looks)


def _looks(words: composing.Words) -> Sequence[Look]:
    return (
        _notification("Lock screen", words, *LOCK_SCREEN),
        _notification("Banner", words, *BANNER),
        _text("Text message", ChannelKind.SMS, words),
        _text("WhatsApp", ChannelKind.WHATSAPP, words),
        _email(words),
    )


def _notification(name: str, words: composing.Words, title_most: int, body_most: int) -> Look:
    body = with_word(words.body, WORD)
    title, shown = cut(words.title, title_most), cut(body, body_most)
    return Look(name, CHANNELS[Way.PUSH][0].value, title, shown, cut=(title, shown) != (words.title, body))


def _text(name: str, channel: ChannelKind, words: composing.Words) -> Look:
    said = told.on(channel, words.title, words.body, told.kept(words))
    link = "" if said.risky else LINK
    whole = "\n".join(part for part in (said.title, with_word(said.body, f"{WORD} {CODE}"), link) if part)
    parts = sms_segments(whole.replace("…", "x" * (LINK_MOST_CHARS - len(LINK) + 1)))
    note = f"{parts.count} text message{'' if parts.count == 1 else 's'}, {parts.encoding}, {parts.units} units with the link" if channel is ChannelKind.SMS else ""
    return Look(name, channel.value, "", whole, note=note, problem=_problem(channel, said))


def _email(words: composing.Words) -> Look:
    said = told.on(ChannelKind.EMAIL, words.title, words.body, told.kept(words))
    body = with_word(said.body, f"{WORD} {CODE}")
    return Look("E-mail", ChannelKind.EMAIL.value, said.title, body, html=said.html, note=f"subject of {len(said.title)} characters", problem=_problem(ChannelKind.EMAIL, said))


def _problem(channel: ChannelKind, said: told.Said) -> str:
    verdict = fits(channel, said)
    return phrases.reason(verdict.reason, languages.PLAIN) if isinstance(verdict, Fail) else ""

"""The texts of a campaign read, tried and filled in.

Owns the way from a template and its values to a text, in one language, and the look at all of them when a campaign is written: a
variable that is not declared, one that may have no value, a text that fits no channel. Pure. What is wrong is told by part and language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from app.kernel import languages, plain_markup, templates
from app.kernel.text_limits import (
    BODY_MOST_CHARS,
    SMS_SEGMENTS_MOST,
    SUBJECT_MOST_CHARS,
    TITLE_MOST_CHARS,
    has_address,
    sms_segments,
    with_tail,
)
from app.kernel.verdict import Fail
from offers.definition import Definition
from offers.message import PARTS, VARIABLES, CampaignMessage, MessageText
from offers.message_values import example_of
from offers.outside.words import Summary

_TRIED_AT = datetime(2026, 9, 30, 21, 59, tzinfo=UTC)
_OPTIONAL = ("name",)
_SPACES = str.maketrans("\u00a0\u202f\u2009", "   ")
"""Formats of money put spaces that do not break, which the alphabet of text messages does not have; they leave as plain ones."""
_LINK = re.compile(r"(?i)https?:|www\.")
LINK_IN_TEXT = "link_in_text"
HTML_NOT_PLAIN = "html_not_plain"


def filled(text: MessageText, part: str, values: Mapping[str, object]) -> str | Fail:
    """One part of a text with its values. A plain text is its own result, whatever stands in it; what cannot be filled in is a Fail with
    the facts `part` and `language`."""
    source = text.part(part)
    html = part == "html"
    if not html and "{{" not in source and "{%" not in source:
        return source
    template = templates.parsed(source, VARIABLES, html=html)
    told = templates.rendered(template, _with_defaults(text, values), text.language) if isinstance(template, templates.Template) else template
    if html and not isinstance(told, Fail) and (what := plain_markup.foreign(told)) is not None:
        told = Fail(HTML_NOT_PLAIN, {"what": what})
    return Fail(told.reason, {**told.facts, "part": part, "language": text.language}) if isinstance(told, Fail) else told


def _with_defaults(text: MessageText, values: Mapping[str, object]) -> dict[str, object]:
    said = {name: value.said_in(text.language) if isinstance(value, Summary) else value for name, value in values.items()}
    out = {name: value for name, value in said.items() if value is not None and value != ""}
    return {**dict(text.defaults), **out}


def faults(definition: Definition) -> Iterator[tuple[str, str]]:
    """Where (`message.texts.fi.title`) and what to do, for everything that is wrong with the texts of a campaign."""
    message = definition.message
    if message is None:
        return
    for text in message.texts:
        where = f"message.texts.{text.language}"
        if not languages.known(text.language):
            yield where, "no language by that name; use a tag such as en, fi or pt-BR"
            continue
        unread = list(_unread(text))
        yield from ((f"{where}.{part}", words(fail)) for part, fail in unread)
        if not unread:
            yield from _untold(definition, message, text, where)


def _unread(text: MessageText) -> Iterator[tuple[str, Fail]]:
    for part in PARTS:
        source = text.part(part)
        found = templates.parsed(source, VARIABLES, html=part == "html") if source else None
        if isinstance(found, Fail):
            yield part, found
        elif _LINK.search(source):
            yield part, Fail(LINK_IN_TEXT)


def _untold(definition: Definition, message: CampaignMessage, text: MessageText, where: str) -> Iterator[tuple[str, str]]:
    """Tried with values as they may be, and without those she may not have given."""
    values = example_of(definition, _TRIED_AT)
    tried = [values, {**values, **dict.fromkeys(_OPTIONAL)}]
    for part in PARTS:
        made = [filled(text, part, one) for one in tried if text.part(part)]
        failed = next((one for one in made if isinstance(one, Fail)), None)
        if failed is not None:
            yield f"{where}.{part}", words(failed)
            return
    said = {part: str(filled(text, part, values)) for part in PARTS if text.part(part)}
    yield from ((f"{where}.{part}", what) for part, what in too_long(said, risky=message.risky))


def too_long(said: Mapping[str, str], *, risky: bool) -> Iterator[tuple[str, str]]:
    for part, most in (("title", TITLE_MOST_CHARS), ("body", BODY_MOST_CHARS), ("subject", SUBJECT_MOST_CHARS)):
        if len(said.get(part, "")) > most:
            yield part, f"{len(said[part])} characters when filled in; at most {most}"
    short = (said.get("sms") or f"{said.get('title', '')}\n{said.get('body', '')}").translate(_SPACES)
    parts = sms_segments(with_tail(short, link=not risky))
    if parts.count > SMS_SEGMENTS_MOST:
        signs = " (a sign outside the alphabet of text messages makes each part hold 67 instead of 153)" if parts.encoding == "ucs-2" else ""
        yield "sms", f"{parts.count} text messages with {'word' if risky else 'link and word'}; at most {SMS_SEGMENTS_MOST}. Write a shorter one{signs}"
    if risky and has_address(short):
        yield "sms", "an address in a text message of a risky campaign; leave it out"


_WORDS = {
    templates.SYNTAX: "{what}",
    templates.UNKNOWN_VARIABLE: "there is no variable {variable}; there are {declared}",
    templates.MISSING_VALUE: "{variable} may have no value; write {{{{ {variable} | default: ... }}}} or give it one under defaults",
    templates.TOO_LONG: "{chars} characters; at most {most_chars}",
    templates.TOO_MUCH: "more than a message needs: {what}",
    templates.BROKEN: "cannot be filled in: {what}",
    LINK_IN_TEXT: "an address; leave it out, each message brings its own link, which opens for her alone",
    HTML_NOT_PLAIN: "{what} may not stand in an e-mail of ours: nothing in it is fetched or leads elsewhere",
}


def words(fail: Fail) -> str:
    """What is wrong with a text and what to do, for whoever writes it."""
    return _WORDS[fail.reason].format(**fail.facts)

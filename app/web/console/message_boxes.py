"""The texts of a campaign's messages as lines of its form, one for each language, and the way to a document and back.

Pure. Owns which boxes make a message and what an empty one means. Must not read a template: the room does, and each of its refusals
comes back to the box of its language and part. A document there and back is the same document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.kernel.errors import FieldError

LINES = "message.texts"
PARTS = ("title", "body", "sms", "subject", "html")
SHOWN = "says"
"""The form had these boxes; without it what is stored stays."""
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
SUCH_AS = "a language such as en, fi or pt-BR"
TWICE = "this language has a text further up"
DEFAULT_SUCH_AS = "a line for each, such as name: friend"


def read(said: Mapping[str, Any], lines: Mapping[int, Mapping[str, str]], at: dict[str, str], wrong: list[FieldError]) -> dict[str, Any] | None:
    """The message of a document; None where no box says anything. `said` are the boxes that are no lines, `lines` those in use; `at`
    learns the box of each path, `wrong` what cannot be read."""
    texts: dict[str, dict[str, Any]] = {}
    for n, line in lines.items():
        box, language = f"{LINES}.{n}", line["language"].strip()
        at[box] = box
        if not _TAG.fullmatch(language) or language in texts:
            wrong.append(FieldError(f"{box}.language", TWICE if language in texts else SUCH_AS))
            continue
        at[f"{LINES}.{language}"] = box
        defaults, unread = _defaults(line["defaults"])
        if unread:
            wrong.append(FieldError(f"{box}.defaults", DEFAULT_SUCH_AS))
        texts[language] = {part: line[part].replace("\r\n", "\n").strip() for part in PARTS} | {"defaults": defaults}
    language = str(said.get("language") or next(iter(texts), ""))
    if not (language or said.get("channels") or said.get("risky")):
        return None
    return {"language": language or "en", "texts": texts, "channels": list(said.get("channels") or ()), "risky": bool(said.get("risky"))}


def _defaults(text: str) -> tuple[dict[str, str], bool]:
    pairs = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in text.splitlines() if line.strip())]
    return {name: value for name, value in pairs if name and value}, not all(name and value for name, value in pairs)


def lines_from(message: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The lines a form begins with, that of the language to fall back to first."""
    texts: Mapping[str, Mapping[str, Any]] = (message or {}).get("texts", {})
    own = (message or {}).get("language")
    return [
        {"language": tag, **{part: str(text.get(part, "")) for part in PARTS}, "defaults": "\n".join(f"{name}: {value}" for name, value in text.get("defaults", {}).items())}
        for tag, text in sorted(texts.items(), key=lambda pair: (pair[0] != own, pair[0]))
    ]

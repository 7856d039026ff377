"""Structured logs that cannot hold a coordinate, a token or a code.

Owns the set-up of structlog and the scrubber every line passes. Must not be by-passed: the standard library's loggers
are routed through it too. What is dropped, is dropped by name (`_SECRET_WORDS`) and by shape (`_SHAPES`).
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import structlog

from app.kernel.tracing import note_in_log

_SECRET_WORDS = frozenset(
    """lat lon lng latitude longitude lat_deg lon_deg coordinates coordinate position location geometry point fix fixes
    accuracy_m bearing_deg token tokens code codes authorization cookie password secret secrets key api_key tracking_key
    email phone msisdn contact word link url query query_string body headers""".split()  # noqa: SIM905 - a list of words reads better as words
)
_SECRET_ENDINGS = frozenset("lat lon lng latitude longitude token password secret email phone cookie coordinates".split())  # noqa: SIM905 - as above
"""A name is as good as its last word: `push_token`, `home_lat`."""
HIDDEN = "[hidden]"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        # two decimal degrees near each other, in any order and with most separators between
        r"-?\d{1,3}\.\d{3,}(?:[^\d\n-]{1,16}|%2[0Cc])-?\d{1,3}\.\d{3,}",
        # one number to a metre or less; the fraction of a second in a time is none
        r"(?<![\d:.])-?\d{1,3}\.\d{5,}(?![\d:])",
        # one decimal number with a degree's precision beside a word for it
        r"(?i)\b(?:lat|lon|lng|latitude|longitude)\w*\W{1,4}-?\d{1,3}(?:\.\d+)?",
        r"(?i)\b(?:bearer|basic|dpop)\s+[\w.~+/=-]{8,}",
        r"\b(?:dt|st|mk|trk|lnk|sk|pk|whsec|rk)_[\w-]{8,}",
        # a signed token: three parts of base 64
        r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?",
        # long and of all kinds of characters: nobody's word, and no id of ours (those are lower case)
        r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}",
        # a coupon code: groups of four of Crockford's alphabet, or sixteen in a row, perhaps with live digits
        r"(?i)(?<![\w-])(?=[a-z-]*\d)[0-9A-HJKMNP-TV-Z]{4}(?:[- ][0-9A-HJKMNP-TV-Z]{4}){3}(?:[- ]?\d{4}[- ]?\d{4})?\b",
        r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4,5}){2,5}\b",
        r"\b[0-9A-HJKMNP-TV-Z]{16}(?:\d{8})?\b",
        # digits that are called a code
        r"(?i)\bcodes?\W{1,4}(?:(?:is|was)\W{1,2})?\d{4,10}\b",
        r"\b\d{4,10}(?= (?:is|was) (?:your|the|her|his) code)",
        r"(?i)[\w.+-]+(?:@|%40)[\w-]+\.[\w.-]+\b",
        # a telephone number in E.164, as one writes it or as an address bar does
        r"(?i)(?:\+|%2B)\d(?:[ ().-]{0,2}\d){7,14}\b",
    )
)
_PLAIN = re.compile(r"[a-z_./{}:]*|\d{4}-\d\d-\d\dT[\d:.]{8,15}Z|[A-Z]{3,8}|[a-z]{3}_[0-9a-z]{26}")
"""Words of our own, times and ids: most of what is written, and none of it has any of these shapes."""
MOST_DECIMALS = 4
"""A number with more of them may be a degree: it is written to a tenth."""


def scrub_text(text: str) -> str:
    """`text` with everything hidden that looks like a coordinate, credential, coupon code, e-mail address or telephone number."""
    if len(text) < 4 or _PLAIN.fullmatch(text):
        return text
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return text


def _secret(name: object) -> bool:
    lower = str(name).lower()
    return lower in _SECRET_WORDS or lower.rpartition("_")[2] in _SECRET_ENDINGS


def _scrub(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        return scrub_text(value)
    if depth > 4:
        return HIDDEN
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {scrub_text(str(k)): HIDDEN if _secret(k) else _scrub(v, depth + 1) for k, v in items}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_scrub(v, depth + 1) for v in cast("list[object]", list(cast("Any", value)))]
    if isinstance(value, float):
        return value if round(value, MOST_DECIMALS) == value else round(value, 1)
    if isinstance(value, (int, bool)) or value is None:
        return value
    return scrub_text(str(value))


def scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: the last one before a line is written."""
    for key in list(event):
        event[key] = HIDDEN if _secret(key) else _scrub(event[key])
    return event


def configure_logs(*, level: str = "INFO", as_json: bool = True) -> None:
    """Route structlog and the standard library through one scrubbed line a record on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        note_in_log,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrub_event, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn.access", "httpx", "httpcore", "httpx2", "stripe", "apscheduler", "google", "urllib3"):
        logging.getLogger(noisy).setLevel("WARNING")  # they log whole URLs
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger: `log.info("event_name", key=value)`. Event names are snake_case facts; values are plain."""
    return structlog.stdlib.get_logger(name)

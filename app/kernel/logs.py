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

_SECRET_WORDS = frozenset(
    """lat lon lng latitude longitude lat_deg lon_deg coordinates coordinate position location geometry point fix fixes
    accuracy_m bearing_deg token tokens code codes authorization cookie password secret secrets key api_key tracking_key
    email phone body headers""".split()  # noqa: SIM905 - a list of words reads better as words
)
HIDDEN = "[hidden]"
_SHAPES = (
    # two decimal degrees near each other, in any order and with most separators between
    re.compile(r"-?\d{1,3}\.\d{3,}[^\d\n-]{1,16}-?\d{1,3}\.\d{3,}"),
    # one decimal number with a degree's precision beside a word for it
    re.compile(r"(?i)\b(?:lat|lon|lng|latitude|longitude)\w*\W{1,4}-?\d{1,3}(?:\.\d+)?"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(r"\b(?:dt|st|mk|trk|lnk|sk|pk|whsec|rk)_[\w-]{8,}"),
    # a coupon code: groups of four of Crockford's alphabet
    re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4,5}){2,5}\b"),
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"),
)


def scrub_text(text: str) -> str:
    """`text` with everything that looks like a coordinate pair, credential, coupon code or e-mail address hidden."""
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return text


def _scrub(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        return scrub_text(value)
    if depth > 4:
        return HIDDEN
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {k: HIDDEN if str(k).lower() in _SECRET_WORDS else _scrub(v, depth + 1) for k, v in items}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_scrub(v, depth + 1) for v in cast("list[object]", list(cast("Any", value)))]
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    return scrub_text(str(value))


def scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: the last one before a line is written."""
    for key in list(event):
        event[key] = HIDDEN if key.lower() in _SECRET_WORDS else _scrub(event[key])
    return event


def configure_logs(*, level: str = "INFO", as_json: bool = True) -> None:
    """Route structlog and the standard library through one scrubbed line a record on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
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

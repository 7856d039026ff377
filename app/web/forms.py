"""A page's form as the endpoint sees it: named texts and whole numbers, each with its limit.

Owns parsing `application/x-www-form-urlencoded`. It reads the body as bytes, as the rest of the edge does (NUL check,
idempotency hash), which FastAPI's own form parameters would have consumed before them. Must not know any page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from app.kernel.errors import Invalid

MOST_FIELDS, MOST_LONG_FIELDS = 50, 5_000
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The last value of each field."""

    fields: Mapping[str, str]

    def text(self, name: str, *, most: int = 200) -> str:
        """The field without white space around it; empty when it is missing. Raises Invalid beyond `most` characters."""
        value = self.fields.get(name, "").strip()
        if len(value) > most:
            raise Invalid.field(name, f"at most {most} characters; this has {len(value)}")
        return value

    def ticked(self, name: str) -> bool:
        """A checkbox: sent when on, missing when off."""
        return bool(self.fields.get(name))

    def whole(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number from `least` to `most`; raises Invalid otherwise, also when it is missing without a default."""
        value = self.fields.get(name, "").strip()
        if not value and default is not None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,15}", value) or not least <= int(value) <= most:
            raise Invalid.field(name, f"a whole number from {least} to {most}")
        return int(value)

    def matching(self, name: str, pattern: str, *, such_as: str) -> str:
        """A field of one shape; raises Invalid naming an example."""
        value = self.text(name, most=200)
        if not re.fullmatch(pattern, value):
            raise Invalid.field(name, f"something like {such_as}")
        return value


async def read_form(request: Request) -> Form:
    """Raises Invalid for another content type, bytes that are no UTF-8, or too many fields."""
    return await _read(request, MOST_FIELDS)


async def read_long_form(request: Request) -> Form:
    """The same, for a form that has a box for each of many things."""
    return await _read(request, MOST_LONG_FIELDS)


async def _read(request: Request, most: int) -> Form:
    body = await request.body()
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if body and kind != FORM:
        raise Invalid.field("Content-Type", f"send {FORM}, as a form does; programs use the routes under /v1")
    try:
        return Form(dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most, errors="strict")))
    except (UnicodeDecodeError, ValueError):
        raise Invalid.field("body", f"a form in UTF-8 with at most {most} fields") from None


Fields = Annotated[Form, Depends(read_form)]
LongFields = Annotated[Form, Depends(read_long_form)]

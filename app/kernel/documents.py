"""A document held against a pydantic model: the value, or one refusal that names each wrong field.

Owns how a place in a document is written, and how the refusal reads. Must not know any model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.kernel.errors import FieldError, Invalid

M = TypeVar("M", bound=BaseModel)
Place = tuple[int | str, ...]
MOST_NAMED = 20


def held(model: type[M], document: Any, name: Callable[[Place], str], *, said: int = 3) -> M:
    """`name` writes the place of a wrong field; so many of them are `said` in the detail. Raises Invalid."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        fields = [FieldError(name(e["loc"]), str(e["msg"]).removeprefix("Value error, ")) for e in error.errors()[:MOST_NAMED]]
        raise Invalid("; ".join(f"{f.field}: {f.remedy}" for f in fields[:said]), fields=fields) from None


def path_of(place: Iterable[int | str], *, under: str = "", whole: str = "") -> str:
    """`plans[0].name`; `under` stands before it, `whole` names the document itself."""
    out = under
    for part in place:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out or whole

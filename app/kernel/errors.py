"""Errors as named facts: each class owns its HTTP status and its code; its docstring says what happened.

Owns the base class only; rooms define their own in `errors.py`. Must not import a framework: the edges turn
these into problem+json (app/kernel/http.py) or one line on the CLI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: `field` is a path such as `fixes[3].lat`, `remedy` says what would be accepted."""

    field: str
    remedy: str


class AppError(Exception):
    """Something a caller can understand and act on. Subclasses set `status` and `code`; the message is the detail.

    `extra` is put beside the standard members of the problem document (RFC 9457, section 3.2). `headers` go out with the
    answer, such as the challenge of a 401.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(
        self,
        detail: str = "",
        *,
        fields: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().split("\n")[0]
        self.fields = tuple(fields)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class NotFound(AppError):
    """There is no such thing, or it is not yours."""

    status = 404
    code = "not_found"


class Invalid(AppError):
    """The request is understood, but a field is wrong; `errors` names each field and the remedy."""

    status = 422
    code = "invalid"

    @classmethod
    def field(cls, field: str, remedy: str) -> Invalid:
        return cls(f"{field}: {remedy}", fields=[FieldError(field, remedy)])


class Unauthenticated(AppError):
    """Who are you? Send a valid session cookie or `Authorization: Bearer` token."""

    status = 401
    code = "unauthenticated"


class Forbidden(AppError):
    """You are known, but may not do this."""

    status = 403
    code = "forbidden"


class Conflict(AppError):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"


class TooLarge(AppError):
    """The request body is larger than accepted; send smaller batches."""

    status = 413
    code = "too_large"


class TooManyRequests(AppError):
    """Too many tries; wait as long as Retry-After says."""

    status = 429
    code = "too_many_requests"

"""What can go wrong when somebody says who they are.

Owns the named errors of app/security. Must not tell more than the caller may know: a wrong password and an unknown
e-mail address are the same error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kernel.errors import AppError, Conflict, Forbidden, NotFound, TooManyRequests, Unauthenticated


class SignInRequired(Unauthenticated):
    """Who are you? Send `Authorization: Bearer` with a device token, session token or API key, or sign in."""


class WrongCredentials(Unauthenticated):
    """E-mail address and password do not belong together; check both."""

    code = "wrong_credentials"


class RoleNotAllowed(Forbidden):
    """You are known, but this is not for your role."""

    code = "role_not_allowed"


class ScopeMissing(Forbidden):
    """The API key is valid but does not hold the scope this needs; make a key with it."""

    code = "scope_missing"


class CrossSiteRequest(Forbidden):
    """The request came from another site with your cookie; open our own page and do it there."""

    code = "cross_site_request"


class LimitReached(TooManyRequests):
    """Too many tries; wait as long as Retry-After says."""


class LinkUnknown(NotFound):
    """There is no such sign-in link; ask for a new one."""

    code = "link_unknown"


class LinkUsed(AppError):
    """This sign-in link was used already; ask for a new one."""

    status = 410
    code = "link_used"


class LinkExpired(AppError):
    """This sign-in link is too old; ask for a new one."""

    status = 410
    code = "link_expired"


class EmailTaken(Conflict):
    """This e-mail address has an account already; sign in instead."""

    code = "email_taken"


class AccountExists(Conflict):
    """You have an account already, with another e-mail address."""

    code = "account_exists"


class PolicyRefused(Forbidden):
    """As things are, this is not done; `reasons` says why, and `decision_id` is what to ask about."""

    code = "policy_refused"


class StepUpNeeded(Unauthenticated):
    """Confirm that it is you, then do it again: `acr_values` names the proof that is wanted, `max_age` its greatest age in seconds.

    RFC 9470. `reasons` and `decision_id` as in `policy_refused`.
    """

    code = "insufficient_user_authentication"

    def __init__(self, acr: str, max_age_s: int, detail: str = "", *, extra: Mapping[str, Any] | None = None) -> None:
        self.acr, self.max_age_s = str(acr), max_age_s
        words = "Confirm that it is you, then do it again."
        challenge = f'Bearer error="{self.code}", error_description="{words}", acr_values="{acr}", max_age="{max_age_s}"'
        super().__init__(
            detail, extra={"acr_values": self.acr, "max_age": max_age_s} | dict(extra or {}), headers={"WWW-Authenticate": challenge}
        )

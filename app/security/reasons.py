"""The reason codes of app/security, each with a plain sentence.

Owns the words; docs/reasons/security.md lists them, a test compares.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    "too_many_requests": "That was tried too often in a short time; wait a little and try again.",
    "cross_site_request": "The request came from another site, so it was not done.",
}

"""Was this request made by our own page? The rule that keeps other sites from acting with a visitor's cookie.

Owns the decision over the three headers. Must not know routes or cookies.
Source: Fetch Metadata (W3C), and the order of checks of Go's net/http CrossOriginProtection.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from app.kernel.verdict import PASS, Fail, Verdict

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(method: str, sec_fetch_site: str | None, origin: str | None, host: str | None) -> Verdict:
    """PASS for a safe method, our own page, or a caller that is no browser; Fail(`cross_site_request`) otherwise.

    `Sec-Fetch-Site` decides when present (pages cannot forge it). Without it `Origin` must name our own host. A browser
    sends one of the two with every unsafe cross-site request, so neither means a program, which nobody can trick into
    sending a cookie it does not hold.
    """
    if method.upper() in SAFE_METHODS:
        return PASS
    if sec_fetch_site is not None:
        return PASS if sec_fetch_site in ("same-origin", "none") else Fail("cross_site_request", {"sec_fetch_site": sec_fetch_site[:20]})
    if origin is None:
        return PASS
    try:
        theirs = urlsplit(origin).netloc.lower()
    except ValueError:
        theirs = ""
    return PASS if theirs and theirs == (host or "").lower() else Fail("cross_site_request", {"sec_fetch_site": None})

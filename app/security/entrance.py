"""The page behind a one-time link: a button, and what to say when the link is no good.

Owns that page's few lines of HTML and its headers. Must not use the link: looking is free (mail scanners look).
"""

from __future__ import annotations

import html

from fastapi.responses import HTMLResponse

from app.security.principals import Role

PAGE_OF = {Role.SHOPPER: "/m", Role.CLERK: "/till", Role.MARKETER: "/console", Role.OPERATOR: "/console"}
"""Where each role goes after coming in."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",  # the token is in the address: no other site may learn it
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def enter_page(role: Role) -> HTMLResponse:
    """One button; the form posts to the page's own address."""
    body = f'<p>This link signs you in once, as {role.value}.</p>\n<form method="post"><button>Sign in</button></form>'
    return _page(200, "Mobile Moments", body)


def asking_page(title: str, sentence: str, button: str, *, language: str = "en") -> HTMLResponse:
    """A question with one button; the form posts to the page's own address."""
    return _page(200, html.escape(title), f'<p>{html.escape(sentence)}</p>\n<form method="post"><button>{html.escape(button)}</button></form>', language)


def done_page(title: str, sentence: str, *, link: str = "", link_text: str = "", status: int = 200, language: str = "en") -> HTMLResponse:
    """What was done, or why not; with the way on, a path of ours."""
    way_on = f'\n<p><a href="{html.escape(link)}">{html.escape(link_text)}</a></p>' if link else ""
    return _page(status, html.escape(title), f"<p>{html.escape(sentence)}</p>{way_on}", language)


def refused_page(status: int, sentence: str) -> HTMLResponse:
    return _page(status, "This link does not work", f"<p>{html.escape(sentence)}</p>")


def _page(status: int, title: str, body: str, language: str = "en") -> HTMLResponse:
    text = f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""
    return HTMLResponse(text, status_code=status, headers=_HEADERS)

"""How a page leaves the house: Jinja2 with autoescape, a fresh nonce, a strict Content-Security-Policy.

Owns the template environment, the filters every page may use and the security headers. Must not know any room.
"""

from __future__ import annotations

import json
import secrets
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.kernel.money import Money
from app.security.access import caller_of
from app.security.key_endpoints import key_of_page
from app.web import assets

TEMPLATES = Path(__file__).resolve().parent / "templates"


def content_security_policy(nonce: str, *, wasm: bool = False, connect: tuple[str, ...] = (), frame_self: bool = False) -> str:
    """Everything from our own origin; scripts by file or by nonce; no inline style at all.

    `wasm` lets a page compile WebAssembly (the code scanner on the till). `frame_self` lets our own pages frame this one
    (the phone on the demo page). MapLibre draws images from `blob:` and `data:`; its worker is a file of our origin.
    """
    wasm_source = " 'wasm-unsafe-eval'" if wasm else ""
    ancestors = "'self'" if frame_self else "'none'"
    return "; ".join([
        "default-src 'self'",
        f"script-src 'self' 'nonce-{nonce}'{wasm_source}",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        " ".join(["connect-src 'self'", *connect]),
        "worker-src 'self'",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        f"frame-ancestors {ancestors}",
    ])  # fmt: skip


def security_headers(nonce: str, *, wasm: bool = False, connect: tuple[str, ...] = (), frame_self: bool = False) -> dict[str, str]:
    return {
        "Content-Security-Policy": content_security_policy(nonce, wasm=wasm, connect=connect, frame_self=frame_self),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def script_json(value: object) -> Markup:
    """JSON that is safe inside a `<script>` element: no `<`, `>`, `&` or line separator survives unescaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - escaped just above


def money(amount_minor: int, currency: str = "EUR", locale: str = "en_IE") -> str:
    """`money(490)` is "€4.90"."""
    return Money(amount_minor, currency).display(locale)


def local_time(at: datetime | None, zone: str = "Europe/Helsinki", form: str = "%H:%M") -> str:
    """Wall-clock time in `zone`; an empty string for None."""
    return at.astimezone(ZoneInfo(zone)).strftime(form) if at else ""


def day(iso: str) -> str:
    """`day("2026-11-23")` is "23 November 2026"."""
    return f"{date.fromisoformat(iso):%-d %B %Y}"


def plain_code(code: str) -> str:
    """A reason or state code for people: `no_consent_location` -> "no consent location"."""
    return code.replace("_", " ")


def percent(rate_bp: int) -> str:
    """`percent(2550)` is "25.5 %"."""
    return f"{rate_bp / 100:g}\u00a0%"


def product_image(image: str) -> str:
    """Address of a product's picture; our mark where a catalogue names none of ours."""
    name = f"products/{image}"
    return assets.own(name) if name in assets.own_names() else assets.own("img/mark.svg")


def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(own=assets.own, picture=assets.picture, vendor=assets.vendor, city=assets.city, import_map=assets.import_map,
                               browser_config=assets.browser_config, product_image=product_image)  # fmt: skip
    environment.filters.update(script_json=script_json, money=money, local_time=local_time, day=day, plain_code=plain_code, percent=percent)
    return environment


ENVIRONMENT = _environment()


def page(request: Request, template: str, context: dict[str, Any] | None = None, *, status: int = 200, wasm: bool = False,
         connect: tuple[str, ...] = (), frame_self: bool = False) -> Response:  # fmt: skip
    """A whole page from `templates/<template>` with its own nonce and policy."""
    nonce = secrets.token_urlsafe(18)
    body = ENVIRONMENT.get_template(template).render({"nonce": nonce, "path": request.url.path, "caller_role": str(caller_of(request).kind or ""), "phone_key": key_of_page(request)} | (context or {}))
    return Response(body, status, security_headers(nonce, wasm=wasm, connect=connect, frame_self=frame_self), media_type="text/html; charset=utf-8")


def fragment(template: str, context: dict[str, Any] | None = None, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A piece of a page for htmx to swap in. It carries no script: the page's policy would refuse it."""
    body = ENVIRONMENT.get_template(template).render(context or {})
    return Response(body, status, {"Cache-Control": "no-store"} | (headers or {}), media_type="text/html; charset=utf-8")

"""The till's page without a network: the worker that keeps it, and which files it keeps.

Owns the list of files and the address of the worker. Must not keep anything about a person: the page it keeps names stores,
and nothing else is stored by it (till_offline.js has the journal).
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Depends, Response

from app.security.access import ANYONE, allow
from app.web import assets

SCRIPT = Path(__file__).with_name("worker.js")
OWN = (
    "css/tokens.css", "css/base.css", "css/components.css", "css/pages.css", "img/mark.svg", "js/theme.js", "js/shell.js", "js/pages.js", "js/passkeys.js", "js/key.js",
    "js/till.js", "js/till_offline.js", "js/offline.js", "js/codes.js",
)  # fmt: skip
LIBRARIES = (
    ("htmx.org", "htmx.min.js"), ("htmx.org", "hx-sse.min.js"), ("barcode-detector", "ponyfill.js"), ("barcode-detector", "zxing-exported.js"),
    ("zxing-wasm", "zxing_reader.wasm"),
)  # fmt: skip

router = APIRouter(include_in_schema=False, dependencies=[Depends(allow(ANYONE))])


@cache
def script() -> str:
    """The worker with its list of files and their version before it: a browser takes up a worker whose bytes have changed."""
    kept = [*map(assets.own, OWN), *(assets.vendor(library, name) for library, name in LIBRARIES)]
    body = SCRIPT.read_text(encoding="utf-8")
    version = hashlib.sha256((json.dumps(kept) + body).encode()).hexdigest()[:12]
    return f"const VERSION = {json.dumps(version)};\nconst KEPT = {json.dumps(kept)};\n{body}"


@router.get("/till-worker.js")
def till_worker() -> Response:
    """Beside the page and not below it, because a worker may serve only what lies below its own folder."""
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'self'"}
    return Response(script(), headers=headers, media_type="text/javascript; charset=utf-8")

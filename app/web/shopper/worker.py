"""The worker of the phone's pages: it shows pushes while no page is open.

Owns its address. Must not keep anything about a person beyond the ids of messages it has shown.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Depends, Response

from app.security.access import ANYONE, allow

SCRIPT = Path(__file__).with_name("worker.js")

router = APIRouter(include_in_schema=False, dependencies=[Depends(allow(ANYONE))])


@router.get("/push-worker.js")
def push_worker() -> Response:
    """Beside the pages and not below them, because a worker may serve only what lies below its own folder."""
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'self'"}
    return Response(SCRIPT.read_bytes(), headers=headers, media_type="text/javascript; charset=utf-8")

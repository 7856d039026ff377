"""Every page of the house as one router, and errors as pages.

Owns the list. Must not hold a rule.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from app.web import assets, landing, problems, returns
from app.web.console import audience, audit, explain
from app.web.console import endpoints as console
from app.web.demo import endpoints as demo
from app.web.shopper import checkout, contacts, here, shop, where
from app.web.shopper import endpoints as shopper
from app.web.shopper import worker as push_worker
from app.web.till import endpoints as till
from app.web.till import here as till_here
from app.web.till import worker as till_worker

router = APIRouter(include_in_schema=False)
for part in (assets.router, landing.router, shopper.router, contacts.router, shop.router, here.router, checkout.router, where.router, till.router, till_here.router, till_worker.router, push_worker.router, returns.router, console.router, audience.router, audit.router, explain.router, demo.router):
    router.include_router(part)

install_problem_pages = problems.install_problem_pages
"""Call after `install_problems`."""


def install(app: FastAPI) -> None:
    """Pages, assets and HTML errors onto an app whose JSON errors are installed."""
    app.include_router(router)
    install_problem_pages(app)

"""Every page of the house as one router, and errors as pages.

Owns the list. Must not hold a rule.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from app.web import assets, landing, papers, problems, returns
from app.web.console import (
    audience,
    audit,
    campaign_writing,
    cash,
    conversations,
    disputes,
    explain,
    faq,
    message,
    revenue,
    review_queue,
    trying,
    webhooks,
)
from app.web.console import bookings as console_bookings
from app.web.console import endpoints as console
from app.web.console import loyalty as console_loyalty
from app.web.console import memberships as console_memberships
from app.web.console import support as console_support
from app.web.console import surveys as console_surveys
from app.web.demo import endpoints as demo
from app.web.shopper import (
    addresses,
    balance,
    booking,
    chat,
    checkout,
    contacts,
    fetching,
    giving_back,
    handing,
    here,
    how_we_earn,
    loyalty,
    membership,
    messages,
    methods,
    often_asked,
    reviews,
    shares,
    shop,
    sponsored,
    support,
    surveys,
    where,
    wishes,
)
from app.web.shopper import endpoints as shopper
from app.web.shopper import worker as push_worker
from app.web.till import bookings as till_bookings
from app.web.till import carts as till_carts
from app.web.till import cash as till_cash
from app.web.till import collections as till_collections
from app.web.till import endpoints as till
from app.web.till import here as till_here
from app.web.till import shipments as till_shipments
from app.web.till import worker as till_worker

router = APIRouter(include_in_schema=False)
PARTS = (
    assets, landing, shopper, contacts, addresses, messages, chat, often_asked, support, surveys, shop, booking, sponsored, how_we_earn, reviews, wishes, shares, here, fetching, handing, checkout, giving_back, balance, loyalty, membership, methods, where,
    till, till_here, till_collections, till_bookings, till_shipments, till_cash, till_carts, till_worker, push_worker,
    returns, papers, campaign_writing, console_bookings, console, audience, message, trying, console_loyalty, console_memberships, audit, webhooks, conversations, console_support, faq, console_surveys, disputes, cash, revenue, review_queue, explain, demo,
)  # fmt: skip
"""In this order: an address with a word in it before the one with a name there."""
for part in PARTS:
    router.include_router(part.router)

install_problem_pages = problems.install_problem_pages
"""Call after `install_problems`."""


def install(app: FastAPI) -> None:
    """Pages, assets and HTML errors onto an app whose JSON errors are installed."""
    app.include_router(router)
    install_problem_pages(app)

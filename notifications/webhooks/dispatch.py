"""Send what is queued for an endpoint: claim in one transaction, send with none open, record in another.

Owns the states of a delivery between queued and its end, and what a failure means for its endpoint. Must not hold a transaction while
an endpoint is asked, and must not let an event pass an earlier one of the same subject. A process that dies between sending and
recording leaves a lease that runs out; the repeat carries the same id. docs/webhooks.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel.db import Database, moved
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.kernel.outbox import OutboxDelivery, OutboxEvent
from app.kernel.verdict import Fail
from app.privacy import farewell, gate
from app.privacy.purposes import Purpose
from notifications.retries import retry_after_seconds
from notifications.webhooks import envelopes, registry
from notifications.webhooks.catalogue import ERASED, PURPOSES, told_of_people
from notifications.webhooks.models import Endpoint, Happening, WebhookDelivery
from notifications.webhooks.ports import WebhookAnswer, WebhookGateway, WebhookRequest
from notifications.webhooks.reasons import WebhookReason as Reason
from notifications.webhooks.recording import CONSUMER
from notifications.webhooks.schedule import WAITS_S, next_try
from notifications.webhooks.settings import WebhookSettings

log = get_logger(__name__)

IN_TROUBLE = 5
"""So many failures in a row: one event at a time asks whether the endpoint is back; when it is, all that waits is due at once."""


@dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """One event this process may now send. It holds an address and signatures, so it has no repr."""

    endpoint_id: str
    event_id: str
    event_type: str
    shopper_id: str | None
    claim: str
    tries: int
    request: WebhookRequest


def due_endpoints(session: Session, at: datetime) -> list[tuple[str, int]]:
    """(endpoint, tries that failed in a row) of those that are on and have something due."""
    d = WebhookDelivery
    waits = exists().where(d.endpoint_id == Endpoint.id, _due(d, at))
    return [(row.id, row.failures) for row in session.execute(select(Endpoint.id, Endpoint.failures).where(Endpoint.state == "on", waits))]


def claim(session: Session, endpoint_id: str, *, at: datetime, limit: int, lease_s: float, source: str) -> tuple[int, list[Claimed]]:
    """Take what may go now, drop what may not any more. Returns (rows looked at, claims).

    Its shoppers are held before any row is locked: a claim that commits, commits before the withdrawal that would have stopped it.
    """
    d = WebhookDelivery
    seen = session.execute(_heads(endpoint_id, at).limit(limit)).all()
    gate.hold(session, {row.shopper_id for row in seen if row.shopper_id and row.type in PURPOSES})
    endpoint = session.get(Endpoint, endpoint_id, populate_existing=True)
    if not seen or endpoint is None or endpoint.state != "on":
        return 0, []
    keys = registry.keys_of(endpoint, at)
    claimed: list[Claimed] = []
    for row in seen:
        mine = new_id("clm")
        taken = update(d).where(d.endpoint_id == endpoint_id, d.event_id == row.event_id, d.state == row.state, d.tries == row.tries, _due(d, at))
        against = _against(session, row.type, row.shopper_id, at)
        if against is not None:
            moved(session, taken.values(state="dropped", reason=against, claim=None, lease_until=None))
            continue
        lease = at + timedelta(seconds=lease_s)
        if not moved(session, taken.values(state="claimed", claim=mine, lease_until=lease, tries=d.tries + 1, tried_at=at)):
            continue
        event = session.execute(select(Happening).where(Happening.id == row.event_id)).scalar_one()
        content = envelopes.body(
            event_id=event.id, event_type=event.type, subject=event.subject, at=event.created_at, position=event.position, data=_data(event, endpoint), source=source
        )
        request = WebhookRequest(endpoint.url, envelopes.headers(keys, event.id, at, content), content)
        claimed.append(Claimed(endpoint_id, event.id, event.type, event.shopper_id, mine, row.tries + 1, request))
    return len(seen), claimed


def _data(event: Happening, endpoint: Endpoint) -> dict[str, Any]:
    """What an erasure is told with: the ids she was known by, for an endpoint that was there before and asks for what names people."""
    data: dict[str, Any] = json.loads(event.data)
    if event.type == ERASED:
        ids = farewell.opened(data.pop("sealed_ids", ""))
        if ids and endpoint.created_at <= event.created_at and told_of_people(endpoint.types):
            data["shopper_ids"] = list(ids)
    return data


def _due(d: Any, at: datetime) -> ColumnElement[bool]:
    return or_(and_(d.state == "queued", d.next_try_at <= at), and_(d.state == "claimed", d.lease_until <= at))


def _heads(endpoint_id: str, at: datetime) -> Select[Any, Any, Any, Any, Any]:
    """What is due and has no earlier event of its subject before it: neither one on its way or waiting, nor one that the outbox
    has not brought here yet."""
    d, earlier = WebhookDelivery, aliased(WebhookDelivery)
    before = exists().where(
        earlier.endpoint_id == endpoint_id, earlier.subject == d.subject, earlier.event_id < d.event_id, earlier.state.in_(registry.WAITING)
    )
    on_its_way = exists().where(
        OutboxEvent.subject == d.subject, OutboxEvent.id < d.event_id, OutboxDelivery.event_id == OutboxEvent.id,
        OutboxDelivery.consumer == CONSUMER, OutboxDelivery.state == "pending",
    )  # fmt: skip
    told = select(d.event_id, d.type, d.shopper_id, d.state, d.tries).join(Happening, Happening.id == d.event_id)
    return told.where(d.endpoint_id == endpoint_id, _due(d, at), ~before, ~on_its_way).order_by(d.next_try_at, d.event_id)


def _against(session: Session, event_type: str, shopper_id: str | None, at: datetime) -> str | None:
    """The reason why this may not be told (any more), or None."""
    purpose: Purpose | None = PURPOSES.get(event_type)
    if purpose is None or shopper_id is None:
        return None
    verdict = gate.may(session, shopper_id, purpose, at)
    return verdict.reason if isinstance(verdict, Fail) else None


def send_and_record(database: Database, gateway: WebhookGateway, settings: WebhookSettings, claimed: Claimed) -> WebhookAnswer | None:
    """One event, one try. None: it was let go at the last look. Never raises: one bad endpoint, answer or row never stops the others."""
    try:
        if not _last_look(database, claimed):
            return None
        answer = gateway.send(claimed.request)
    except Exception as error:
        log.exception("webhook_gateway_raised", endpoint_id=claimed.endpoint_id, event_id=claimed.event_id, error=type(error).__name__, exc_info=error)
        answer = WebhookAnswer(reason=Reason.UNREACHABLE)
    try:
        with database.transaction() as session:
            record(session, claimed, answer, settings=settings, at=database.clock.now())
    except Exception as error:
        log.exception("webhook_not_recorded", endpoint_id=claimed.endpoint_id, event_id=claimed.event_id, error=type(error).__name__, exc_info=error)
    return answer


def _last_look(database: Database, claimed: Claimed) -> bool:
    """Right before the network: is it still there (she may have been erased), and may it still be told?"""
    d, at = WebhookDelivery, database.clock.now()
    with database.reading() as session:
        mine = session.scalar(select(d.event_id).where(d.endpoint_id == claimed.endpoint_id, d.event_id == claimed.event_id, d.claim == claimed.claim))
        against = _against(session, claimed.event_type, claimed.shopper_id, at)
    if mine is None:
        return False
    if against is not None:
        with database.transaction() as session:
            _finish(session, claimed, state="dropped", reason=against)
    return against is None


def record(session: Session, claimed: Claimed, answer: WebhookAnswer, *, settings: WebhookSettings, at: datetime) -> bool:
    """What the endpoint said. False if the lease had run out and the event is another's by now; then nothing changes."""
    heard: dict[str, Any] = {"status": answer.status, "took_ms": answer.took_ms}
    if answer.delivered:
        if not _finish(session, claimed, state="delivered", reason=None, **heard):
            return False
        _well(session, claimed.endpoint_id, at)
        return True
    reason = _reason(answer)
    wait_s = retry_after_seconds(answer.retry_after, at)
    due_at = next_try(tries=claimed.tries, now=at, retry_after_s=wait_s, seed=f"{claimed.endpoint_id} {claimed.event_id}")
    if reason == Reason.GONE:
        done = _finish(session, claimed, state="queued", next_try_at=at, reason=reason, **heard)
    elif due_at is None:
        done = _finish(session, claimed, state="failed", reason=Reason.GAVE_UP, **heard)
    else:
        done = _finish(session, claimed, state="queued", next_try_at=due_at, reason=reason, **heard)
    if done:
        _ill(session, claimed.endpoint_id, reason, settings, at)
    return done


def _reason(answer: WebhookAnswer) -> Reason:
    if answer.status is None:
        return Reason(answer.reason or Reason.UNREACHABLE)
    if answer.status == 410:
        return Reason.GONE
    return Reason.REDIRECTED if 300 <= answer.status < 400 else Reason.NOT_TAKEN


def _well(session: Session, endpoint_id: str, at: datetime) -> None:
    """The endpoint took something. Was it in trouble, all that waits for it is due now, whatever its schedule says."""
    back = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.failures >= IN_TROUBLE)
    if moved(session, back.values(failures=0, failing_since=None, delivered_at=at)):
        registry.pull_forward(session, endpoint_id, at, queued_after=at - 2 * timedelta(seconds=sum(WAITS_S)))
        return
    moved(session, update(Endpoint).where(Endpoint.id == endpoint_id).values(failures=0, failing_since=None, delivered_at=at))


def _ill(session: Session, endpoint_id: str, reason: Reason, settings: WebhookSettings, at: datetime) -> None:
    there = update(Endpoint).where(Endpoint.id == endpoint_id)
    moved(session, there.values(failures=Endpoint.failures + 1, failing_since=func.coalesce(Endpoint.failing_since, at)))
    since = session.scalar(select(Endpoint.failing_since).where(Endpoint.id == endpoint_id))
    if reason == Reason.GONE:
        registry.disable(session, endpoint_id, Reason.GONE, by="house", at=at)
    elif since is not None and since <= at - timedelta(seconds=settings.disable_after_s):
        registry.disable(session, endpoint_id, Reason.LONG_FAILURE, by="house", at=at)


def _finish(session: Session, claimed: Claimed, **values: Any) -> bool:
    d = WebhookDelivery
    mine = update(d).where(d.endpoint_id == claimed.endpoint_id, d.event_id == claimed.event_id, d.state == "claimed", d.claim == claimed.claim)
    done = moved(session, mine.values(claim=None, lease_until=None, **values))
    if not done:
        log.info("webhook_claim_was_lost", endpoint_id=claimed.endpoint_id, event_id=claimed.event_id)
    return done


def resume(database: Database) -> int:
    """At the start of a process: what one that was killed had on its way is due at once. If that process lives after all, the event
    is sent twice with one id, and still none overtakes."""
    d = WebhookDelivery
    left = update(d).where(d.state == "claimed").values(lease_until=database.clock.now())
    with database.transaction() as session:
        return cast("CursorResult[Any]", session.execute(left.execution_options(synchronize_session=False))).rowcount


def run_once(database: Database, gateway: WebhookGateway, settings: WebhookSettings, source: str, *, only: str | None = None) -> int:
    """One batch for each endpoint (or `only` one), sent one after the other: for commands and tests. Returns how many rows were looked at."""
    with database.reading() as session:
        due = [(one, failures) for one, failures in due_endpoints(session, database.clock.now()) if only in (None, one)]
    looked_at = 0
    for endpoint_id, failures in due:
        with database.transaction() as session:
            limit = 1 if failures >= IN_TROUBLE else settings.at_once
            seen, claimed = claim(session, endpoint_id, at=database.clock.now(), limit=limit, lease_s=settings.lease_s, source=source)
        looked_at += seen
        for one in claimed:
            send_and_record(database, gateway, settings, one)
    return looked_at

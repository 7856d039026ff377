"""Send what is queued for an endpoint: claim in one transaction, send with none open, record in another.

Owns the states of a delivery between queued and its end, and what a failure means for its endpoint. Must not hold a transaction while
an endpoint is asked, and must not let an event pass an earlier one of the same subject. A process that dies between sending and
recording leaves a lease that runs out; the repeat carries the same id. docs/webhooks.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel.db import Database, moved, prepared, touched
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
    return [(row.id, row.failures) for row in prepared(session, _ENDPOINTS, {"at": at})]


def claim(session: Session, endpoint_id: str, *, at: datetime, limit: int, lease_s: float, source: str) -> tuple[int, list[Claimed]]:
    """Take what may go now, drop what may not any more. Returns (rows looked at, claims).

    Its shoppers are held before any row is locked: a claim that commits, commits before the withdrawal that would have stopped it.
    """
    seen = prepared(session, _HEADS, {"endpoint": endpoint_id, "at": at, "most": limit}).all()
    gate.hold(session, {row.shopper_id for row in seen if row.shopper_id and row.type in PURPOSES})
    endpoint = session.get(Endpoint, endpoint_id, populate_existing=True)
    if not seen or endpoint is None or endpoint.state != "on":
        return 0, []
    keys = registry.keys_of(endpoint, at)
    claimed: list[Claimed] = []
    for row in seen:
        mine = new_id("clm")
        as_seen = {"endpoint": endpoint_id, "event": row.event_id, "was": row.state, "tried": row.tries, "at": at}
        against = _against(session, row.type, row.shopper_id, at)
        if against is not None:
            moved(session, _DROP, {**as_seen, "why": against})
            continue
        if not moved(session, _TAKE, {**as_seen, "mine": mine, "lease": at + timedelta(seconds=lease_s)}):
            continue
        content = envelopes.body(
            event_id=row.event_id, event_type=row.type, subject=row.subject, at=row.created_at, position=row.position, data=_data(row, endpoint), source=source
        )
        request = WebhookRequest(endpoint.url, envelopes.headers(keys, row.event_id, at, content), content)
        claimed.append(Claimed(endpoint_id, row.event_id, row.type, row.whose, mine, row.tries + 1, request))
    return len(seen), claimed


def _data(event: Any, endpoint: Endpoint) -> dict[str, Any]:
    """What an erasure is told with: the ids she was known by, for an endpoint that was there before and asks for what names people."""
    data: dict[str, Any] = json.loads(event.data)
    if event.type == ERASED:
        ids = farewell.opened(data.pop("sealed_ids", ""))
        if ids and endpoint.created_at <= event.created_at and told_of_people(endpoint.types):
            data["shopper_ids"] = list(ids)
    return data


def _heads() -> Select[Any, Any, Any, Any, Any, Any, Any, Any, Any, Any]:
    """What is due and has no earlier event of its subject before it: neither one on its way or waiting, nor one that the outbox
    has not brought here yet."""
    d, earlier, e = WebhookDelivery, aliased(WebhookDelivery), Happening
    before = exists().where(
        earlier.endpoint_id == _ENDPOINT, earlier.subject == d.subject, earlier.event_id < d.event_id, earlier.state.in_(registry.WAITING)
    )
    on_its_way = exists().where(
        OutboxEvent.subject == d.subject, OutboxEvent.id < d.event_id, OutboxDelivery.event_id == OutboxEvent.id,
        OutboxDelivery.consumer == CONSUMER, OutboxDelivery.state == "pending",
    )  # fmt: skip
    told = select(d.event_id, d.type, d.shopper_id, d.state, d.tries, e.subject, e.shopper_id.label("whose"), e.created_at, e.position, e.data).join(e, e.id == d.event_id)
    return told.where(d.endpoint_id == _ENDPOINT, _DUE, ~before, ~on_its_way).order_by(d.next_try_at, d.event_id).limit(bindparam("most"))


# Built once: for an endpoint that is down and has thousands waiting, building them anew costs more than asking.
_ENDPOINT, _AT = bindparam("endpoint"), bindparam("at")
_D = WebhookDelivery
_DUE = or_(and_(_D.state == "queued", _D.next_try_at <= _AT), and_(_D.state == "claimed", _D.lease_until <= _AT))
_ENDPOINTS = select(Endpoint.id, Endpoint.failures).where(Endpoint.state == "on", exists().where(_D.endpoint_id == Endpoint.id, _DUE))
_HEADS = _heads()
_ITS = (_D.endpoint_id == _ENDPOINT, _D.event_id == bindparam("event"))
_AS_SEEN = update(_D).where(*_ITS, _D.state == bindparam("was"), _D.tries == bindparam("tried"), _DUE)
_DROP = _AS_SEEN.values(state="dropped", reason=bindparam("why"), claim=None, lease_until=None)
_TAKE = _AS_SEEN.values(state="claimed", claim=bindparam("mine"), lease_until=bindparam("lease"), tries=_D.tries + 1, tried_at=_AT)
_STILL_MINE = select(_D.event_id).where(*_ITS, _D.claim == bindparam("mine"))
_WELL = update(Endpoint).where(Endpoint.id == _ENDPOINT).values(failures=0, failing_since=None, delivered_at=_AT)
_BACK = _WELL.where(Endpoint.failures >= IN_TROUBLE)
_ILL = update(Endpoint).where(Endpoint.id == _ENDPOINT).values(failures=Endpoint.failures + 1, failing_since=func.coalesce(Endpoint.failing_since, _AT)).returning(Endpoint.failing_since)


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
    with database.reading() as session:
        mine = prepared(session, _STILL_MINE, {"endpoint": claimed.endpoint_id, "event": claimed.event_id, "mine": claimed.claim}).first()
        against = _against(session, claimed.event_type, claimed.shopper_id, database.clock.now())
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
    if moved(session, _BACK, {"endpoint": endpoint_id, "at": at}):
        registry.pull_forward(session, endpoint_id, at, queued_after=at - 2 * timedelta(seconds=sum(WAITS_S)))
        return
    moved(session, _WELL, {"endpoint": endpoint_id, "at": at})


def _ill(session: Session, endpoint_id: str, reason: Reason, settings: WebhookSettings, at: datetime) -> None:
    since = prepared(session, _ILL, {"endpoint": endpoint_id, "at": at}).scalar()
    if reason == Reason.GONE:
        registry.disable(session, endpoint_id, Reason.GONE, by="house", at=at)
    elif since is not None and since <= at - timedelta(seconds=settings.disable_after_s):
        registry.disable(session, endpoint_id, Reason.LONG_FAILURE, by="house", at=at)


def _finish(session: Session, claimed: Claimed, **values: Any) -> bool:
    mine = {"endpoint": claimed.endpoint_id, "event": claimed.event_id, "mine": claimed.claim}
    done = moved(session, _finishing(tuple(sorted(values))), {**mine, **{f"its_{name}": value for name, value in values.items()}})
    if not done:
        log.info("webhook_claim_was_lost", endpoint_id=claimed.endpoint_id, event_id=claimed.event_id)
    return done


@cache
def _finishing(names: tuple[str, ...]) -> Update:
    mine = update(_D).where(*_ITS, _D.state == "claimed", _D.claim == bindparam("mine"))
    return mine.values(claim=None, lease_until=None, **{name: bindparam(f"its_{name}") for name in names})


def resume(database: Database) -> int:
    """At the start of a process: what one that was killed had on its way is due at once. If that process lives after all, the event
    is sent twice with one id, and still none overtakes."""
    d = WebhookDelivery
    left = update(d).where(d.state == "claimed").values(lease_until=database.clock.now())
    with database.transaction() as session:
        return touched(session, left)


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

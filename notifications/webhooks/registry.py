"""Endpoints: registered, listed, given another secret, switched off and on, removed.

Owns the table of endpoints and the secrets in it. Must not send (dispatch does) and must not resolve names: a name may lead elsewhere
tomorrow, so where it leads is judged at every try (addresses.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from urllib.parse import urlsplit

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.security.audit import journal
from app.security.inbound.standard_webhooks import secret_text
from app.security.principals import Principal
from app.security.sealing import open_sealed, seal
from notifications.webhooks import addresses
from notifications.webhooks.catalogue import TYPES
from notifications.webhooks.contracts import EndpointView, Registered
from notifications.webhooks.errors import EndpointIsOff, RotationUnderWay, TooManyEndpoints, UnknownEndpoint
from notifications.webhooks.models import Endpoint, Happening, WebhookDelivery
from notifications.webhooks.reasons import REASONS, WebhookReason
from notifications.webhooks.settings import WebhookSettings

KEY_BYTES = 32
URL_MOST_CHARS = 500
DESCRIPTION_MOST_CHARS = 200
WAITING = ("queued", "claimed")

By = Principal | str


def add(
    session: Session, url: str, types: Sequence[str], description: str, *, by: By, settings: WebhookSettings, at: datetime
) -> Registered:
    """Register an endpoint; it gets what happens from now on. No types: every type, also those of later releases.

    Raises `Invalid` for an address or a type that cannot be, `TooManyEndpoints`.
    """
    checked_url(url, loopback=settings.allow_loopback)
    unknown = sorted(set(types) - set(TYPES))
    if unknown:
        raise Invalid.field("event_types", f"{unknown[0][:80]!r} is not one of {', '.join(TYPES)}")
    if len(description) > DESCRIPTION_MOST_CHARS:
        raise Invalid.field("description", f"at most {DESCRIPTION_MOST_CHARS} characters")
    if (session.scalar(select(func.count()).select_from(Endpoint)) or 0) >= settings.endpoints_most:
        raise TooManyEndpoints
    endpoint_id, key = new_id("whe"), token_bytes(KEY_BYTES)
    row = Endpoint(
        id=endpoint_id, url=url, description=description, types=sorted(set(types)), state="on", sealed=_sealed(endpoint_id, key),
        failures=0, created_at=at, created_by=by if isinstance(by, str) else journal.actor_of(by),
    )  # fmt: skip
    session.add(row)
    session.flush()
    journal.note(session, "webhook.added", by=by, detail={"endpoint": endpoint_id, "types": row.types}, at=at)
    return Registered(_view(session, row), secret_text(key))


def checked_url(url: str, *, loopback: bool) -> None:
    """Raises `Invalid` when no webhook can ever go there, whatever its name leads to."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > URL_MOST_CHARS:
        raise Invalid.field("url", f"at most {URL_MOST_CHARS} visible ASCII characters; write other names as xn--...")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Invalid.field("url", "this is not an address; send one such as https://example.com/webhooks") from None
    if not host or parts.scheme not in ("https", "http") or port == 0:
        raise Invalid.field("url", "this is not an address; send one such as https://example.com/webhooks")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid.field("url", "no name, password or fragment; what proves that an event is ours is its signature")
    here = loopback and host in ("127.0.0.1", "localhost", "::1")
    if parts.scheme == "http" and not here:
        raise Invalid.field("url", "only https; http is for 127.0.0.1 with MOMENTS_WEBHOOKS__ALLOW_LOOPBACK=true")
    if (addresses.parsed(host) is not None and not addresses.allowed(host, loopback=loopback)) or (host == "localhost" and not here):
        raise Invalid.field("url", "this address is not public, and nothing is sent into networks of our own")


def listed(session: Session) -> list[EndpointView]:
    """All endpoints, oldest first."""
    return [_view(session, row) for row in session.scalars(select(Endpoint).order_by(Endpoint.id))]


def shown(session: Session, endpoint_id: str) -> EndpointView:
    """Raises UnknownEndpoint."""
    return _view(session, found(session, endpoint_id))


def found(session: Session, endpoint_id: str) -> Endpoint:
    row = session.scalar(select(Endpoint).where(Endpoint.id == endpoint_id).execution_options(populate_existing=True))
    if row is None:
        raise UnknownEndpoint
    return row


def keys_of(row: Endpoint, at: datetime) -> list[bytes]:
    """The keys that sign now, the newest first."""
    keys = [open_sealed("webhook_secret", row.sealed, row.id.encode())]
    if row.sealed_before is not None and row.before_until is not None and at < row.before_until:
        keys.append(open_sealed("webhook_secret", row.sealed_before, row.id.encode()))
    return keys


def secret_of(session: Session, endpoint_id: str) -> str:
    """The newest secret, for the local receiver of whoever sits at this machine."""
    row = found(session, endpoint_id)
    return secret_text(open_sealed("webhook_secret", row.sealed, row.id.encode()))


def rotate(session: Session, endpoint_id: str, *, overlap_s: int, by: By, at: datetime) -> Registered:
    """Another secret; the old one signs beside it for `overlap_s` more. 0: it has leaked, and ends now (so does one before it).

    Raises UnknownEndpoint; RotationUnderWay while an older one still signs.
    """
    row, key = found(session, endpoint_id), token_bytes(KEY_BYTES)
    if overlap_s and row.before_until is not None and row.before_until > at:
        raise RotationUnderWay
    until = at + timedelta(seconds=overlap_s) if overlap_s else None
    there = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.sealed == row.sealed)
    values = {"sealed": _sealed(endpoint_id, key), "sealed_before": row.sealed if overlap_s else None, "before_until": until}
    if not moved(session, there.values(**values)):
        raise RotationUnderWay
    journal.note(session, "webhook.secret_rotated", by=by, detail={"endpoint": endpoint_id, "overlap_s": overlap_s}, at=at)
    return Registered(shown(session, endpoint_id), secret_text(key))


def disable(session: Session, endpoint_id: str, reason: WebhookReason, *, by: By, at: datetime) -> bool:
    """Off: nothing is sent, and nothing new is queued. What waits, waits. False when it was off already."""
    newest = select(func.coalesce(func.max(Happening.position), 0)).scalar_subquery()
    there = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.state == "on")
    if not moved(session, there.values(state="off", reason=str(reason), off_at=at, off_after=newest)):
        found(session, endpoint_id)
        return False
    journal.note(session, "webhook.disabled", by=by, detail={"endpoint": endpoint_id, "reason": str(reason)}, at=at)
    return True


def enable(session: Session, endpoint_id: str, *, by: By, at: datetime) -> EndpointView:
    """On again: what waited is due now. What happened meanwhile was not queued; `missed_after` of the answer is the cursor for it."""
    there = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.state == "off")
    if moved(session, there.values(state="on", reason=None, off_at=None, failures=0, failing_since=None)):
        pull_forward(session, endpoint_id, at)
        journal.note(session, "webhook.enabled", by=by, detail={"endpoint": endpoint_id}, at=at)
    return shown(session, endpoint_id)


def pull_forward(session: Session, endpoint_id: str, at: datetime, *, queued_after: datetime | None = None) -> None:
    """Whatever waits for another try there is due now, with the whole schedule before it: what it was tried while nobody was there does not count.
    What was queued before `queued_after` has had its time: what is refused for ever comes to its end, however often the endpoint is well between."""
    d = WebhookDelivery
    tries = 0 if queued_after is None else case((d.created_at > queued_after, 0), else_=d.tries)
    waits = update(d).where(d.endpoint_id == endpoint_id, d.state == "queued", d.tries > 0)
    session.execute(waits.values(next_try_at=at, tries=tries).execution_options(synchronize_session=False))


def remove(session: Session, endpoint_id: str, *, by: By, at: datetime) -> None:
    """Forget the endpoint and what was queued for it. With the last one the log of events goes, too."""
    found(session, endpoint_id)
    whole = {"synchronize_session": False}
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id).execution_options(**whole))
    session.execute(delete(Endpoint).where(Endpoint.id == endpoint_id).execution_options(**whole))
    if session.scalar(select(Endpoint.id).limit(1)) is None:
        session.execute(delete(Happening).execution_options(**whole))
    journal.note(session, "webhook.removed", by=by, detail={"endpoint": endpoint_id}, at=at)


def require_on(row: Endpoint) -> None:
    """Raises EndpointIsOff."""
    if row.state != "on":
        raise EndpointIsOff


def _sealed(endpoint_id: str, key: bytes) -> bytes:
    return seal("webhook_secret", key, endpoint_id.encode())


def _view(session: Session, row: Endpoint) -> EndpointView:
    d, at = WebhookDelivery, session.info["clock"].now()
    waiting = session.scalar(select(func.count()).select_from(d).where(d.endpoint_id == row.id, d.state.in_(WAITING)))
    return EndpointView(
        id=row.id, url=row.url, description=row.description, event_types=tuple(row.types), state=row.state, reason=row.reason,
        why_off=REASONS.get(row.reason) if row.reason else None, off_at=row.off_at, missed_after=row.off_after, failures=row.failures,
        failing_since=row.failing_since, delivered_at=row.delivered_at,
        old_secret_until=row.before_until if row.before_until and row.before_until > at else None,
        waiting=waiting or 0, created_at=row.created_at, created_by=row.created_by,
    )  # fmt: skip

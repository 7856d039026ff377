"""The data holders and retention rules of the cellar: app/privacy, app/security and the kernel's outbox.

Owns `HOLDERS` and `RULES` of the floors that may not import this one. Bootstrap registers the rooms' first and these
last: erasing ends with the shopper herself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.kernel.outbox import OutboxDelivery, OutboxEvent
from app.privacy.consents import stamp_change, standing_of
from app.privacy.holding import alone
from app.privacy.models import ConsentRow, ConsentStateRow, PermissionRow, StandingRow
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from app.security import privacy as security
from app.security.audit import journal
from app.security.contacts import privacy as contacts
from app.security.devices import privacy as devices
from app.security.passkeys import privacy as passkeys
from app.security.policies import decision_log

DAY_S = 86_400


def _export_consents(session: Session, shopper_id: str) -> Mapping[str, Any]:
    rows = session.scalars(select(ConsentRow).where(ConsentRow.shopper_id == shopper_id).order_by(ConsentRow.at, ConsentRow.id))
    said = [
        {"id": r.id, "purpose": r.purpose, "granted": r.granted, "notice_version": r.notice_version, "source": r.source, "at": r.at, "record": json.loads(r.record), "hash": r.hash}
        for r in rows
    ]
    permitted = session.scalars(select(PermissionRow).where(PermissionRow.shopper_id == shopper_id).order_by(PermissionRow.at, PermissionRow.id))
    return {
        "records": said,
        "minor": standing_of(session, shopper_id).minor,
        "permissions": [{"device_id": p.device_id, "access": p.access, "precise": p.precise, "at": p.at} for p in permitted],
    }


def _erase_consents(session: Session, shopper_id: str) -> int:
    alone(session, (shopper_id,))
    stamp_change(session)
    gone = 0
    for model in (ConsentStateRow, ConsentRow, StandingRow, PermissionRow):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone


def _about(shopper_id: str) -> ColumnElement[bool]:
    """An event is about her when it says so: as its subject, or in its payload (an order's event is about the order too)."""
    return or_(OutboxEvent.subject == shopper_id, OutboxEvent.payload["shopper_id"].as_string() == shopper_id)


def _export_events(session: Session, shopper_id: str) -> Mapping[str, Any]:
    rows = session.scalars(select(OutboxEvent).where(_about(shopper_id)).order_by(OutboxEvent.id))
    return {"events": [{"id": r.id, "type": r.type, "created_at": r.created_at, "payload": r.payload} for r in rows]}


def _erase_events(session: Session, shopper_id: str) -> int:
    mine = select(OutboxEvent.id).where(_about(shopper_id))
    session.execute(delete(OutboxDelivery).where(OutboxDelivery.event_id.in_(mine)).execution_options(synchronize_session=False))
    return touched(session, delete(OutboxEvent).where(_about(shopper_id)))


def _export_security(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """Also what the rules answered, and who looked at her data: the log of that names nobody and outlives her (audit/journal.py)."""
    return {
        **security.export_shopper(session, shopper_id),
        **decision_log.export_decisions(session, shopper_id),
        **journal.export_entries(session, shopper_id),
    }


def _erase_security(session: Session, shopper_id: str) -> int:
    return decision_log.erase_decisions(session, shopper_id) + security.erase_shopper(session, shopper_id)


HOLDERS: tuple[DataHolder, ...] = (
    DataHolder("events", ("kernel_outbox_event",), _export_events, _erase_events),
    DataHolder("security.devices", devices.TABLES, devices.export_shopper, devices.erase_shopper),
    DataHolder("security.passkeys", passkeys.TABLES, passkeys.export_shopper, passkeys.erase_shopper),
    DataHolder("security.contacts", contacts.TABLES, contacts.export_contacts, contacts.erase_contacts),
    DataHolder("privacy.consents", ("privacy_consent", "privacy_consent_state", "privacy_standing", "privacy_permission"), _export_consents, _erase_consents),
    DataHolder("security.people", (*security.TABLES, "security_policy_decision"), _export_security, _erase_security),
)

RULES: tuple[RetentionRule, ...] = (
    RetentionRule("kernel_outbox_event", "created_at", 30 * DAY_S, "Messages between our own parts are kept thirty days, to look into faults."),
    RetentionRule("privacy_consent", "at", None, "What you agreed to and when; kept until you delete your data."),
    RetentionRule("privacy_consent_state", "at", None, "What is agreed to now; kept until you delete your data."),
    RetentionRule("privacy_shred", "asked_at", None, "That a key must still be destroyed is kept until it is: seconds."),
    RetentionRule("privacy_standing", "shopper_id", None, "Where your chain of consents ends, whether you are under age, and what your phones permit; kept until you delete your data."),
    RetentionRule("privacy_permission", "at", None, "What your phone's system permitted and when; kept until you delete your data."),
    RetentionRule("privacy_noisy_answer", "answered_at", 400 * DAY_S, "Answers about crowds, with noise, are kept thirteen months, so that the same question gets the same answer; they name nobody."),
    RetentionRule("privacy_erasure", "at", 3 * 366 * DAY_S, "The proof that somebody was deleted names nobody; kept three years."),
    *(RetentionRule(table, column, keep_s, why) for table, column, keep_s, why in (*security.RETENTION, *passkeys.RETENTION, *devices.RETENTION, *contacts.RETENTION)),
)

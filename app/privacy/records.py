"""A consent record as ISO/IEC TS 27560:2023 wants it, and the chain it stands in.

Owns the form, the canonical text and the hashes: pure. Must not know how records are stored (consents) nor what they allow (consent).
A record is complete in itself: it carries the words she was shown and the facts about the controller as they were that day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.kernel.ids import derived_id
from app.privacy.purposes import Notice
from app.privacy.tags import CATEGORIES

SCHEMA_VERSION = "ISO/IEC TS 27560:2023; mobile moments 1"
NO_HASH = "0" * 64
"""What the first record of a chain names as the one before."""


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the data. From the settings; the defaults serve tests and a first look."""

    name: str = "The shop that runs this Mobile Moments"
    contact: str = "ask at the till"
    privacy_url: str = "/m/me"
    jurisdiction: str = "FI"
    language: str = "en"
    storage_locations: tuple[str, ...] = ("FI",)
    authority: str = "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en"
    adult_at_years: int = 18


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a shopper said. `position` counts her chain from 1."""

    record_id: str
    shopper_id: str
    position: int
    granted: bool
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One stored record of a chain: its canonical text and the hash that was stored with it."""

    position: int
    text: str
    hash: str


def build(said: Said, notice: Notice, controller: Controller, previous_hash: str) -> dict[str, Any]:
    """The record as a JSON document: header, processing, parties, events."""
    return {
        "schema_version": SCHEMA_VERSION,
        "record_id": said.record_id,
        "pii_principal_id": said.shopper_id,
        "position": said.position,
        "previous_hash": previous_hash,
        "processing": [_processing(notice, controller)],
        "parties": [
            {"id": "controller", "role": "PII controller", "name": controller.name, "contact": controller.contact, "url": controller.privacy_url},
            {"id": "authority", "role": "authority", "name": controller.authority},
        ],
        "events": [
            {
                "event_type": "consent given" if said.granted else "consent refused or withdrawn",
                "granted": said.granted,
                "event_time": said.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "validity_duration": "until withdrawn, or until the notice changes",
                "source": said.source,
                "entity": "pii principal",
            }
        ],
    }


def _processing(notice: Notice, controller: Controller) -> dict[str, Any]:
    return {
        "privacy_notice": {"version": notice.version, "title": notice.title, "text": notice.text, "url": controller.privacy_url},
        "language": controller.language,
        "purpose": {"id": notice.purpose.value, "title": notice.title, "data_use": notice.data_use},
        "lawful_basis": "consent (GDPR, article 6(1)(a))",
        "pii_information": [{"category": key, "words": CATEGORIES[key]} for key in notice.categories],
        "pii_controllers": ["controller"],
        "collection_method": "given by the shopper, or observed by her phone where she has allowed it",
        "processing_method": "automatic; every decision is explained on request",
        "storage_locations": list(controller.storage_locations),
        "processing_location": list(controller.storage_locations),
        "geographic_restrictions": ["stored and processed nowhere else"],
        "retention_period": notice.kept,
        "jurisdiction": controller.jurisdiction,
        "recipient_third_parties": list(notice.recipients) or ["none"],
        "withdrawal_method": "one switch on the page My data (/m/me) or in the app; in force at once",
        "privacy_rights": ["download everything", "delete everything", "withdraw", "complain to the authority"],
        "authority_party": "authority",
        "service": "Mobile Moments",
    }


def canonical(document: Mapping[str, Any]) -> str:
    """The one text of a document: keys sorted, no spaces, UTF-8. What is hashed is what is stored."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(text: str) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def fault(links: Iterable[Link], *, head: tuple[int, str]) -> str | None:
    """What is wrong with a chain (given in order of position), or None. `head` is the position and hash it must end with."""
    position, before = 0, NO_HASH
    for link in links:
        position += 1
        if link.position != position:
            return f"record {position} is missing"
        if hash_of(link.text) != link.hash:
            return f"record {position} was changed"
        document = json.loads(link.text)
        if document["previous_hash"] != before or document["position"] != position:
            return f"record {position} does not follow the one before"
        before = link.hash
    if (position, before) != head:
        return f"the chain should end with record {head[0]}, and ends with {position}"
    return None


def says(text: str, record_id: str, shopper_id: str, purpose: str, granted: bool, notice_version: int, at: datetime) -> bool:
    """Whether the record says what the columns beside it say."""
    document = json.loads(text)
    processing, event = document["processing"][0], document["events"][0]
    told = (document["record_id"], document["pii_principal_id"], processing["purpose"]["id"], event["granted"], processing["privacy_notice"]["version"])
    return told == (record_id, shopper_id, purpose, granted, notice_version) and datetime.fromisoformat(event["event_time"]) == at


def receipt(text: str, stored_hash: str) -> dict[str, Any]:
    """What a shopper takes home: the whole record, its hash, and how to check it."""
    record = json.loads(text)
    return {
        "schema_version": record["schema_version"],
        "receipt_id": derived_id("rcp", record["record_id"]),
        "record": record,
        "hash": stored_hash,
        "how_to_check": "SHA-256 of `record` as JSON with sorted keys, without spaces, in UTF-8, is `hash`; `previous_hash` is that of the record before.",
    }

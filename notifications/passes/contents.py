"""What a wallet pass says of a coupon: for Apple Wallet a pass.json, for Google Wallet an offer object. Pure.

Owns both forms, and which code a pass carries: the plain one, that of a printed coupon, and none where the till would not take that. A
pass lies in a wallet for weeks, is backed up and can be photographed, so it never unlocks more than paper does: a coupon that needs a live
code (by its worth, or by its campaign) has a pass that says where the live code is shown. The till decides anyway; a pass is a picture.
Sources: Apple, Wallet Passes (Pass); Google, Wallet API (OfferObject).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.kernel.languages import PLAIN
from notifications.phrases import say

PLACES_MOST = 10
"""Apple takes no more locations, and no more beacons, on one pass."""
LAST_CALL = timedelta(hours=1)
COLOURS = {"backgroundColor": "rgb(255, 248, 240)", "foregroundColor": "rgb(43, 27, 18)", "labelColor": "rgb(112, 76, 52)"}


class Stage(StrEnum):
    """Where a coupon is, in Google's words (OfferObject, `state`)."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Spot:
    """A store, by where it stands and by the beacons in it: (uuid, major, minor)."""

    name: str
    lat_deg: float
    lon_deg: float
    beacons: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PassFacts:
    """`code` None: this pass carries none; `stage` ACTIVE: the coupon can be used now; `spots` empty: nothing calls her near a store."""

    serial: str
    title: str
    benefit: str
    terms: str
    place: str
    link: str
    code: str | None
    stage: Stage
    why_not: str
    issued_at: datetime
    expires_at: datetime
    spots: tuple[Spot, ...] = ()
    calls: bool = False
    language: str = PLAIN

    @property
    def usable(self) -> bool:
        return self.stage is Stage.ACTIVE


def apple(facts: PassFacts, *, pass_type: str, team: str, organisation: str, service_url: str, token: str) -> dict[str, Any]:
    """`service_url` empty: a pass that is not asked about again."""
    document: dict[str, Any] = {
        "formatVersion": 1,
        "passTypeIdentifier": pass_type,
        "teamIdentifier": team,
        "serialNumber": facts.serial,
        "organizationName": organisation,
        "description": facts.title,
        "sharingProhibited": True,
        "expirationDate": _utc(facts.expires_at),
        "voided": not facts.usable,
        "coupon": {
            "primaryFields": [{"key": "offer", "label": facts.title, "value": facts.benefit}],
            "secondaryFields": [{"key": "place", "label": say("pass.where", facts.language), "value": facts.place}],
            "auxiliaryFields": [
                {"key": "until", "label": say("pass.until", facts.language), "value": _utc(facts.expires_at), "dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleShort"}
            ],
            "backFields": [
                {"key": "state", "label": say("pass.till", facts.language), "value": _at_the_till(facts)},
                {"key": "terms", "label": say("pass.terms", facts.language), "value": facts.terms},
                {"key": "live", "label": say("pass.live", facts.language), "value": facts.link},
            ],
        },
        **COLOURS,
    }
    if service_url:
        document |= {"webServiceURL": service_url, "authenticationToken": token}
    if facts.usable and facts.code is not None:
        document["barcodes"] = [{"format": "PKBarcodeFormatQR", "message": facts.code, "messageEncoding": "iso-8859-1", "altText": facts.code}]
    if facts.usable and facts.calls:
        near = [{"latitude": spot.lat_deg, "longitude": spot.lon_deg, "relevantText": f"{facts.title}: {spot.name}"} for spot in facts.spots[:PLACES_MOST]]
        heard = [(spot, beacon) for spot in facts.spots for beacon in spot.beacons][:PLACES_MOST]
        document["relevantDate"] = _utc(max(facts.issued_at, facts.expires_at - LAST_CALL))
        document["locations"] = near
        document["beacons"] = [
            {"proximityUUID": uuid, "major": major, "minor": minor, "relevantText": f"{facts.title}: {spot.name}"} for spot, (uuid, major, minor) in heard
        ]
    return {name: value for name, value in document.items() if value != []}


def google(facts: PassFacts, *, issuer: str, wallet_class: str) -> dict[str, Any]:
    """One offer object, of a class the merchant has made."""
    found: dict[str, Any] = {
        "id": f"{issuer}.{facts.serial}",
        "classId": f"{issuer}.{wallet_class}",
        "state": facts.stage.value,
        "validTimeInterval": {"start": {"date": _utc(facts.issued_at)}, "end": {"date": _utc(facts.expires_at)}},
        "textModulesData": [
            {"id": "offer", "header": facts.title, "body": facts.benefit},
            {"id": "till", "header": say("pass.till", facts.language), "body": _at_the_till(facts)},
            {"id": "terms", "header": say("pass.terms", facts.language), "body": facts.terms},
        ],
        "linksModuleData": {"uris": [{"id": "live", "uri": facts.link, "description": say("pass.live", facts.language)}]},
    }
    if facts.usable and facts.code is not None:
        found["barcode"] = {"type": "QR_CODE", "value": facts.code, "alternateText": facts.code}
    if facts.usable and facts.calls:
        found["locations"] = [{"latitude": spot.lat_deg, "longitude": spot.lon_deg} for spot in facts.spots[:PLACES_MOST]]
    return found


def google_again(form: dict[str, Any]) -> dict[str, Any]:
    """The same object as a change of one that is saved: what is not on it any more is named as gone, since what is left out of a PATCH stays."""
    return {"barcode": None, "locations": None} | form


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _at_the_till(facts: PassFacts) -> str:
    if not facts.usable:
        return facts.why_not
    return say("pass.show" if facts.code is not None else "pass.changes", facts.language)

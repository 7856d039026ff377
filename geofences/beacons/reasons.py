"""The reason codes of beacons, each with a sentence in plain words.

Owns the words for sightings that are refused, for doubts about them, and for how a zone visit began and ended. Those about
advertisements stand in frames.py. docs/reasons/geofences.md lists them; a test compares.
"""

from __future__ import annotations

from enum import StrEnum

from geofences.beacons.frames import FRAME_REASONS

ECHOED = "beacon_echoed"
"""The same ephemeral id was heard far away at the same time."""


class SightingReason(StrEnum):
    """Why one sighting of a batch was not taken, beside those of fixes and advertisements."""

    NOT_AN_OBJECT = "sighting_not_an_object"
    RSSI_INVALID = "rssi_invalid"
    ADDRESS_INVALID = "address_invalid"
    POSITION_INCOMPLETE = "sighting_position_incomplete"


SIGHTING_REASONS: dict[str, str] = {
    SightingReason.NOT_AN_OBJECT: "A sighting must be an object with ts, rssi_dbm and advertisement, or the beacon's kind and ids.",
    SightingReason.RSSI_INVALID: "rssi_dbm must be between -127 and 20 dBm; 127 is a radio's word for unknown.",
    SightingReason.ADDRESS_INVALID: "address must be six pairs of hexadecimal digits; leave it out where the phone hides it.",
    SightingReason.POSITION_INCOMPLETE: "lat and lon come together, within -90..90 and -180..180 degrees, with accuracy_m.",
}

BEACON_DOUBTS: dict[str, str] = {
    ECHOED: "The beacon's passing id was heard far away at the same time: somebody plays it again.",
}

ZONE_REASONS: dict[str, str] = {
    "heard_near": "Beacons of the zone were heard near and clearer than all others.",
    "heard_elsewhere": "Other beacons were heard nearer, for longer than this zone's pause between words.",
    "heard_nothing": "No beacon was heard any more; the visit ended where it was last heard.",
    "zone_retired": "The zone was taken away.",
}

REASONS: dict[str, str] = {**FRAME_REASONS, **SIGHTING_REASONS, **BEACON_DOUBTS, **ZONE_REASONS}

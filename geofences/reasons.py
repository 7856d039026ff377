"""The reason codes of the room, each with a sentence in plain words.

Owns the words for doubts about a position, for refused fixes, for how a visit began and ended, and for refused geometry.
docs/reasons/geofences.md lists them; a test compares.
"""

from __future__ import annotations

from enum import StrEnum

from geofences import trust


class FixReason(StrEnum):
    """Why one fix of a batch was not taken."""

    NOT_AN_OBJECT = "not_an_object"
    LATITUDE_OUT_OF_RANGE = "latitude_out_of_range"
    LONGITUDE_OUT_OF_RANGE = "longitude_out_of_range"
    NOT_A_NUMBER = "not_a_number"
    ACCURACY_INVALID = "accuracy_invalid"
    TIME_MISSING = "time_missing"
    TIME_INVALID = "time_invalid"
    TIME_EPOCH_ZERO = "time_epoch_zero"
    TIME_IN_MILLISECONDS = "time_in_milliseconds"
    TIME_IN_FUTURE = "time_in_future"
    TIME_TOO_OLD = "time_too_old"
    ID_INVALID = "id_invalid"


FIX_REASONS: dict[str, str] = {
    FixReason.NOT_AN_OBJECT: "A fix must be an object with ts, lat, lon and accuracy_m.",
    FixReason.LATITUDE_OUT_OF_RANGE: "lat must be within -90..90 degrees.",
    FixReason.LONGITUDE_OUT_OF_RANGE: "lon must be within -180..180 degrees.",
    FixReason.NOT_A_NUMBER: "This must be a finite number.",
    FixReason.ACCURACY_INVALID: "accuracy_m must be between 0 and 100000 metres; phones send a negative one for an invalid position.",
    FixReason.TIME_MISSING: "Send ts (epoch seconds) or occurred_at (ISO 8601).",
    FixReason.TIME_INVALID: "The time is neither epoch seconds nor ISO 8601.",
    FixReason.TIME_EPOCH_ZERO: "The time is at or before 1970: the phone did not know the time.",
    FixReason.TIME_IN_MILLISECONDS: "The time is in milliseconds; send seconds.",
    FixReason.TIME_IN_FUTURE: "The time lies in the future; set the phone's clock.",
    FixReason.TIME_TOO_OLD: "The fix is older than this server takes.",
    FixReason.ID_INVALID: "id must be text of 1 to 100 characters.",
}

DOUBTS: dict[str, str] = {
    trust.MOCKED: "The phone said that its position was made up by an app.",
    trust.JUMP: "The position had jumped faster than anyone travels.",
    trust.STALE: "The position was old when it reached us.",
    trust.INACCURATE: "The position was not accurate.",
}

VISIT_REASONS: dict[str, str] = {
    "inside": "A clear position inside the place began the visit.",
    "settled": "The phone was last heard inside and then rested there.",
    "left": "Positions outside ended the visit.",
    "silent": "Nothing more was heard; the visit ended where it was last heard.",
    "fence_retired": "The place's fence was taken away.",
}

REASONS: dict[str, str] = {**{str(code): words for code, words in FIX_REASONS.items()}, **DOUBTS, **VISIT_REASONS}

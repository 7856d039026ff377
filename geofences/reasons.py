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
    WHOSE_MISSING = "whose_missing"
    NO_CONSENT = "no_consent_location"


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
    FixReason.WHOSE_MISSING: "A server says of each fix whose it is: shopper_id and device_id.",
    FixReason.NO_CONSENT: "The shopper has not switched on \"Where you are\"; nothing of hers was stored.",
}

DOUBTS: dict[str, str] = {
    trust.MOCKED: "The phone said that its position was made up by an app.",
    trust.JUMP: "The position had jumped faster than anyone travels.",
    trust.STALE: "The position was old when it reached us.",
    trust.INACCURATE: "The position was not accurate.",
    trust.TOO_SMOOTH: "The phone moved as if along a ruler.",
    trust.STATIC: "The position never changed, not by a hair.",
    trust.SYNTHETIC: "The position trembled as numbers do, not as a receiver does.",
    trust.REPLAYED: "The phone repeated a way it had gone before, to the centimetre.",
}

VISIT_REASONS: dict[str, str] = {
    "inside": "A clear position inside the place began the visit.",
    "settled": "The phone was last heard inside and then rested there.",
    "left": "Positions outside ended the visit.",
    "silent": "Nothing more was heard; the visit ended where it was last heard.",
    "fence_retired": "The place's fence was taken away.",
    "heard_leaving": "After a long silence the phone was next heard just outside: it had been there all the time.",
}

SENSITIVE_PLACE = "sensitive_place"
"""The same code where an offer is withheld (offers/reasons.py)."""

IMPORT_REASONS: dict[str, str] = {
    SENSITIVE_PLACE: "The fence comes too near health care or another sensitive place.",
    "bad_sensitive_kind": "sensitive names no kind of sensitive place.",
    "bad_jurisdiction": "jurisdiction is no ISO 3166 code.",
    "sensitive_place_too_large": "A sensitive place reaches more than 50 km from its middle.",
    "not_geojson": "The document is no GeoJSON FeatureCollection or Feature.",
    "no_features": "The collection is empty.",
    "too_many_features": "There are more features than one import takes.",
    "not_a_feature": "A member is no Feature.",
    "bad_properties": "properties is neither an object nor null.",
    "bad_id": "id is neither text nor number, or too long.",
    "duplicate_id": "Two features name the same place.",
    "bad_name": "name is empty, too long or no text.",
    "bad_kind": "kind is no short lower-case word.",
    "bad_level": "level is no whole number from -9 to 9.",
    "bad_chain": "chain is no text.",
    "bad_tags": "tags is no list of short words.",
    "bad_hours": "hours does not name every day from mon to sun with times such as 10:00-20:00, or closed",
    "bad_timezone": "timezone is no IANA name.",
    "geometry_missing": "The feature has no geometry.",
    "bad_geometry": "The geometry is no object, or nested too deeply.",
    "geometry_empty": "The geometry has no coordinates.",
    "line_too_short": "A line has fewer than 2 different positions.",
    "buffer_missing": "A line has no buffer_m.",
    "buffer_out_of_range": "buffer_m is not within 1 to 5,000 metres.",
    "corridor_near_pole": "A corridor comes nearer to a pole than 5 degrees.",
    "corridor_too_long": "A corridor is longer than 10,000 km.",
    "crosses_antimeridian": "The shape crosses the antimeridian; the short way round is taken.",
    "geometry_type": "The type of the geometry is not one a fence can have.",
    "bad_coordinates": "Coordinates are no lists.",
    "bad_position": "A position is not [longitude, latitude].",
    "coordinate_not_finite": "A coordinate or radius is NaN or infinite.",
    "ring_too_short": "A ring has fewer than 3 different positions.",
    "self_intersection": "A ring crosses itself.",
    "invalid_geometry": "The geometry is not valid.",
    "no_area": "A ring encloses nothing.",
    "too_many_vertices": "The geometry has more than 200,000 vertices.",
    "radius_missing": "A Point has no radius_m.",
    "radius_not_positive": "radius_m is 0 or less.",
    "radius_too_large": "radius_m is over 100 km.",
    "nothing_left": "The holes of a polygon leave nothing of it.",
    "longitude_ambiguous": "A ring steps over 180 degrees of longitude and has longitudes beyond 180.",
    "pole_unclear": "A ring goes round the earth across the equator.",
    "ring_closed": "A ring did not end where it begins; it was closed.",
    "repeated_positions": "Positions that repeat the one before were left out.",
    "ring_mended": "A ring crossed or touched itself a little; it was mended.",
    "hole_without_area": "A hole encloses nothing; it was left out.",
    "hole_outside": "A hole lies outside its ring and takes nothing away.",
    "holes_mended": "Holes overlap or reach beyond the ring; what lies in any of them is left out.",
    "members_merged": "Members of a multipolygon overlap or share a border; they are one area.",
    "member_without_area": "A member of a multipolygon encloses nothing; it was left out.",
    "holds_pole": "A ring goes round a pole and is taken to hold it.",
    "rings_swapped": "The hole goes round a pole outside the outer ring; the area between them is taken.",
    "clockwise_ring": "The outer ring runs clockwise; it is taken as meant.",
}

REASONS: dict[str, str] = {
    **IMPORT_REASONS,
    **{str(code): words for code, words in FIX_REASONS.items()},
    **DOUBTS,
    **VISIT_REASONS,
}

"""Sensitive places from GeoJSON with the tags of OpenStreetMap as properties (osmium export, Overpass, GDAL, our own layers).

Owns the reading of such a document. `properties.sensitive` may name the kind where tags do not. Names are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from geofences.sensitive.errors import SensitiveImportRefused
from geofences.sensitive.kinds import Kind, kind_of
from geofences.sensitive.ports import Found

MOST_FEATURES = 100_000
_KINDS = frozenset(str(kind) for kind in Kind)


class OsmGeoJson:
    """`document` is a FeatureCollection; features that are nothing sensitive are passed over."""

    def __init__(self, document: object, name: str = "osm") -> None:
        self.name = name
        known = cast("Mapping[str, Any]", document) if isinstance(document, dict) else {}
        features = known.get("features")
        if known.get("type") != "FeatureCollection" or not isinstance(features, list):
            raise SensitiveImportRefused("use a GeoJSON FeatureCollection with a list of features; nothing was imported")
        self._features = cast("list[object]", features)
        if len(self._features) > MOST_FEATURES:
            raise SensitiveImportRefused(f"at most {MOST_FEATURES} features in one import; nothing was imported")

    def places(self) -> Iterator[Found]:
        for number, feature in enumerate(self._features, 1):
            yield _found(number, feature)


def _found(number: int, feature: object) -> Found:
    known = cast("Mapping[str, Any]", feature) if isinstance(feature, dict) else {}
    given = known.get("properties")
    properties = cast("Mapping[str, Any]", given) if isinstance(given, dict) else {}
    inner = properties.get("tags")
    tags = cast("Mapping[str, Any]", inner) if isinstance(inner, dict) else properties
    named = properties.get("sensitive")
    kind = named if isinstance(named, str) and named in _KINDS else None
    if kind is None and (isinstance(named, str) or known.get("type") != "Feature"):
        kind = str(named or "no feature")  # whoever names a kind means it: an unknown one is refused, not passed over
    reference = next((str(i) for i in (known.get("id"), *(properties.get(k) for k in ("@id", "id", "osm_id"))) if isinstance(i, str | int)), None)
    where = properties.get("jurisdiction")
    return Found(
        f"feature {number}" + (f" ({reference[:60]!r})" if reference else ""),
        kind or _text(kind_of(tags)),
        reference,
        where if isinstance(where, str) else None if where is None else "?",
        known.get("geometry"),
        properties.get("radius_m"),
        properties.get("buffer_m"),
    )


def _text(kind: Kind | None) -> str | None:
    return None if kind is None else str(kind)

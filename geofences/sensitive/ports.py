"""What is asked of a source of sensitive places: one verb.

Owns the port. The adapter for OpenStreetMap as GeoJSON is adapters/osm_gateway.py; a state's register of clinics would be another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Found:
    """A place as its source tells it. `kind` is None where there is nothing sensitive about it; `label` names it in a report."""

    label: str
    kind: str | None
    reference: str | None
    jurisdiction: str | None
    geometry: object
    radius_m: object = None
    buffer_m: object = None


class SensitiveSource(Protocol):
    """`name` is stored with each place, so that a later list of the same source can replace it."""

    name: str

    def places(self) -> Iterator[Found]:
        """All of them. Raises `SensitiveImportRefused` if the list itself cannot be read."""
        ...

"""`moments bench index` and `moments bench detect`: what the fence index costs, beside its peers.

Owns the choice of sizes and the printing; geofences/index/measuring.py takes the measurements.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geofences import facade


def measure_index(fences: int, points: int, large: bool) -> Iterable[Any]:
    """Figures of point location, build, size, change and load; a text for a peer that is missing."""
    return facade.bench_index(fences, points, large)


def measure_detect(fences: int, points: int) -> Iterable[Any]:
    """Figures of location and state."""
    return facade.bench_detect(fences, points)


def as_document(found: Iterable[Any]) -> dict[str, Any]:
    """For JSON: by name its value, unit, target and whether it was reached; notes apart."""
    figures: dict[str, Any] = {}
    notes: list[str] = []
    for one in found:
        if isinstance(one, str):
            notes.append(one)
            continue
        figures[one.name] = {"value": one.value, "unit": one.unit}
        if one.target is not None:
            figures[one.name] |= {"target": one.target, "at": "least" if one.at_least else "most", "reached": one.reached()}
    return figures | ({"notes": notes} if notes else {})


def print_lines(found: Iterable[Any]) -> None:
    """One line a figure, as it is taken."""
    for one in found:
        if isinstance(one, str):
            print(f"  {one}", flush=True)
            continue
        goal = ""
        if one.target is not None:
            goal = f"   to reach: {'>=' if one.at_least else '<='} {one.target:g}   {'reached' if one.reached() else 'NOT REACHED'}"
        print(f"{one.name:<58} {one.value:>10g} {one.unit}{goal}", flush=True)

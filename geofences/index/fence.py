"""A fence: a shape with a name in the world.

Owns `Fence`, which callers make and get back. It must not know how fences are indexed.
"""

from __future__ import annotations

from dataclasses import dataclass

from geofences.shapes import Shape


@dataclass(frozen=True, slots=True)
class Fence:
    """A shape with a name in the world: `id` ours, `place_id` what it belongs to, `level` its rank among nested places."""

    id: str
    place_id: str
    name: str
    shape: Shape
    level: int = 0

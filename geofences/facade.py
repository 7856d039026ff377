"""The door of the room `geofences`: where is the shopper, and does it mean anything.

Owns places, fences, fixes on their way in, visits and moments. Callers must not read the room's tables, must not ask for
coordinates of a shopper (there are none to give), and must hold the consent for what they do with a moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from geofences.replaying import Replay


def replay(fences: Path, fixes: Iterable[Path]) -> Replay:
    """Recorded tracks through the live detector; see geofences/replaying.py."""
    from geofences import replaying

    return replaying.replay(fences, fixes)

"""Where people are: a heat map of cells (H3) that enough of them stand behind, with noise if asked.

Owns the counting and what is told. Everybody counts in one cell, the one she was seen in most: so the map adds up, a small cell cannot be
got by subtraction, and noise for one person hides all of her. Only those who agreed to be counted are in the rows it reads. Places that
are refused because they are near a sensitive one are not on the map.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.analytics.cells import day_of
from app.analytics.contracts import HeatCell, HeatMap
from app.analytics.models import FunnelRow
from app.kernel.errors import Invalid
from app.privacy import aggregates, budget
from app.security import crowds
from geofences import facade as geofences

DATASET = "visits"
COARSEST, FINEST = 5, 9
"""H3 resolutions: hexagons of some 250 square kilometres down to a tenth of one."""


def heat(
    session: Session, *, since: datetime, at: datetime, resolution: int, epsilon: float | None, budget_epsilon: float
) -> HeatMap:
    """Of the whole UTC days from that of `since` to yesterday. With `epsilon`, counts carry discrete Laplace noise and the month's budget
    pays; raises `PrivacyBudgetSpent` (429), `Invalid` (422)."""
    if not COARSEST <= resolution <= FINEST:
        raise Invalid.field("resolution", f"must be within {COARSEST}..{FINEST}")
    begin, end = day_of(since), day_of(at)
    if begin >= end:
        raise Invalid.field("since", "must lie before today: only whole days are counted")
    counts = _counts(session, begin, end, resolution)
    if epsilon is None:
        out = aggregates.hidden(list(counts.values()))
        told = {cell: people for i, (cell, people) in enumerate(counts.items()) if i not in out}
        return _map(told, begin, end, resolution, None, repeated=False, some_hidden=bool(out))
    micro = round(epsilon * aggregates.MICRO)
    if not 10_000 <= micro <= 10 * aggregates.MICRO:
        raise Invalid.field("epsilon", "must be within 0.01..10")
    question = {"what": "heat", "since": begin.isoformat(), "until": end.isoformat(), "resolution": resolution}
    limit = round(budget_epsilon * aggregates.MICRO)
    found, repeated = budget.answered(
        session, DATASET, question, lambda: _noisy(counts, micro), epsilon_micro=micro, limit_micro=limit, at=at
    )
    return _map(found, begin, end, resolution, epsilon, repeated=repeated, some_hidden=len(found) < len(counts))


def _noisy(counts: Mapping[str, int], epsilon_micro: int) -> dict[str, int]:
    """Every cell that holds a place of ours gets noise, also the empty ones; only what is surely a crowd is told."""
    least = aggregates.threshold(epsilon_micro)
    drawn = {cell: people + aggregates.discrete_laplace(epsilon_micro, secrets.randbelow) for cell, people in counts.items()}
    return {cell: people for cell, people in drawn.items() if people >= least}


def _counts(session: Session, begin: datetime, end: datetime, resolution: int) -> dict[str, int]:
    """People by cell, for every cell that holds a place, in the order of cells."""
    import h3

    cell_of = {p.id: h3.latlng_to_cell(p.lat_deg, p.lon_deg, resolution) for p in geofences.places(session) if p.refused is None}
    f = FunnelRow
    rows = session.execute(
        select(f.shopper_id, f.place_id, func.count())
        .where(f.campaign_id == "", f.detected_at >= begin, f.detected_at < end)
        .group_by(f.shopper_id, f.place_id)
    )
    joined = crowds.joined(session)
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter[str])
    for shopper_id, place_id, times in rows:
        if place_id in cell_of:
            seen[joined.get(shopper_id, shopper_id)][cell_of[place_id]] += times
    counts = dict.fromkeys(sorted(set(cell_of.values())), 0)
    for cells in seen.values():
        counts[min(cells, key=lambda cell: (-cells[cell], cell))] += 1
    return counts


def _map(
    told: Mapping[str, int], begin: datetime, end: datetime, resolution: int, epsilon: float | None, *, repeated: bool, some_hidden: bool
) -> HeatMap:
    cells = tuple(HeatCell(cell, people, _outline(cell)) for cell, people in sorted(told.items()))
    return HeatMap(begin, end, resolution, cells, some_hidden, epsilon, repeated)


def _outline(cell: str) -> tuple[tuple[float, float], ...]:
    import h3

    return tuple((lon, lat) for lat, lon in h3.cell_to_boundary(cell))


def spent(session: Session) -> Sequence[dict[str, Any]]:
    """What was asked of each dataset, month by month."""
    return [{"dataset": d, "month": m, "epsilon_spent": micro / aggregates.MICRO} for d, m, micro in budget.spent(session)]

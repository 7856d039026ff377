"""The fences as the runner has them: a snapshot that follows the database, and a file from which the next start begins.

Owns when a snapshot is loaded, changed or built. A change of one fence costs one fence; a start with the fences of last time
maps their file. Must not answer where a point is (geofences/index).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.logs import get_logger
from geofences.geometry import read_shape
from geofences.index import Fence, FenceIndex
from geofences.index.file_form import IndexFileUnusable
from geofences.models import FenceRow
from geofences.repository import fence_version
from geofences.sensitive.refusals import refusals, today
from geofences.sensitive.rules import epoch

log = get_logger(__name__)

WORTH_A_FILE = 1000
"""Fewer fences are built sooner than a file is looked for."""


class FenceSource:
    """`current(session)` is the newest snapshot. `folder` keeps the file; None keeps none. One thread at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._index = FenceIndex([], -1)
        self._epoch = -1
        self._stamps: dict[str, str] = {}

    def current(self, session: Session) -> FenceIndex:
        """The fences as `session` sees them, without those that are refused: what is not known here is not noticed."""
        version, on = fence_version(session), epoch(today(session))
        if version == self._index.version and on == self._epoch:
            return self._index
        shut = refusals(session).fences
        stamps = {
            fence_id: changed_at.isoformat()
            for fence_id, changed_at in session.execute(select(FenceRow.id, FenceRow.changed_at).order_by(FenceRow.id))
            if fence_id not in shut
        }
        if self._index.version < 0:
            self._index = self._begin(session, stamps, version)
        else:
            newer = {i for i, stamp in stamps.items() if self._stamps.get(i) != stamp}
            retired = self._stamps.keys() - stamps.keys()
            self._index = self._index.changed(_read(session, newer), retired, version)
        self._stamps, self._epoch = stamps, on
        return self._index

    def outdated(self, session: Session, index: FenceIndex) -> bool:
        """Whether `index` no longer is what is in the database, or another day's laws hold."""
        return fence_version(session) != index.version or (index is self._index and epoch(today(session)) != self._epoch)

    def _begin(self, session: Session, stamps: Mapping[str, str], version: int) -> FenceIndex:
        """From the file of exactly these fences, or built, and then kept as that file."""
        if self._folder is None or len(stamps) < WORTH_A_FILE:
            return FenceIndex(_read(session, stamps), version)
        told = hashlib.sha256("\n".join(f"{i} {stamp}" for i, stamp in stamps.items()).encode()).hexdigest()[:32]
        path = self._folder / f"fences-{told}.idx"
        if path.exists():
            try:
                return FenceIndex.load(path).changed([], [], version)
            except (IndexFileUnusable, OSError) as error:
                log.warning("fence_file_unusable", why=str(error))
        built = FenceIndex(_read(session, stamps), version)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in self._folder.glob("fences-*.idx"):
                old.unlink()
            built.save(path)
        except OSError as error:  # a start that takes longer is no reason not to start
            log.warning("fence_file_not_written", why=error.strerror)
        return built


def _read(session: Session, ids: Mapping[str, str] | set[str]) -> list[Fence]:
    columns = select(
        FenceRow.id,
        FenceRow.place_id,
        FenceRow.name,
        FenceRow.geometry,
        FenceRow.radius_m,
        FenceRow.buffer_m,
        FenceRow.level,
    )
    rows = session.execute(columns.where(FenceRow.id.in_(listed(session, ids))).order_by(FenceRow.id))
    return [
        Fence(fence_id, place_id, name, read_shape(geometry, {"radius_m": radius_m, "buffer_m": buffer_m}), level)
        for fence_id, place_id, name, geometry, radius_m, buffer_m, level in rows
    ]

"""All places at one look, found by id, chain or tag without a question to the database.

Owns `Directory` and how long one is remembered: until the count of changes in the database says otherwise. Must not be asked
for a single place by a process that answers once; `repository.place` reads one row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from sqlalchemy.orm import Session

from geofences import repository
from geofences.contracts import Place
from geofences.sensitive.refusals import CHANGED as WRITTEN
from geofences.sensitive.refusals import today
from geofences.sensitive.rules import epoch


class Directory:
    """Never changes. Iterating gives all places, by name."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.by_id: Mapping[str, Place] = {p.id: p for p in places}
        chains: defaultdict[str, list[Place]] = defaultdict(list)
        tags: defaultdict[str, list[Place]] = defaultdict(list)
        for place in self.by_id.values():
            if place.chain is not None:
                chains[place.chain].append(place)
            for tag in place.tags:
                tags[tag].append(place)
        self._by_chain, self._by_tag = dict(chains), dict(tags)

    def named(self, ids: Collection[str], chains: Collection[str], tags: Collection[str]) -> list[Place]:
        """Those with one of the ids, chains or tags, by id."""
        found = {i: self.by_id[i] for i in ids if i in self.by_id}
        for names, known in ((chains, self._by_chain), (tags, self._by_tag)):
            for name in names:
                found.update((p.id, p) for p in known.get(name, ()))
        return [found[i] for i in sorted(found)]


def directory(session: Session) -> Directory:
    """The places as `session` sees them when it first asks; one row is read when nothing has changed since the last time."""
    laws = epoch(today(session))  # what is refused changes with the laws of the day
    asked = cast("tuple[int, Directory] | None", session.info.get(Directory))
    if asked is not None and asked[0] == laws and WRITTEN not in session.info:
        return asked[1]
    key = (repository.fence_version(session), laws)  # the version before the places: they may be newer than it, never older
    remembered = cast("dict[Any, tuple[tuple[int, int], Directory]]", session.info.setdefault("remembered", {}))
    known = remembered.get(Directory)
    mine = WRITTEN in session.info
    found = known[1] if known is not None and known[0] == key and not mine else Directory(repository.places(session))
    if not mine:
        remembered[Directory] = (key, found)
        session.info[Directory] = (laws, found)
    return found
